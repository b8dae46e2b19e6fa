import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { operatorFlags } from '../flags.ts'
import { keep } from '../minted.ts'
import { operatorNamespace, until, type Line } from './stage.ts'

/** The operator in a process of its own, and what it said. */
export type OperatorProcess = {
  readonly child: ChildProcess
  readonly lines: readonly Line[]
  /** Exit code and signal. */
  readonly ended: Promise<unknown[]>
  said(event: string): Promise<void>
}

/** Starts the operator as its image does, with the lease that it has there. Who starts it ends it. */
export function operatorProcess(program: string, name: string, kubeconfig: string): OperatorProcess {
  const child = spawn(process.execPath, [...operatorFlags(), program, '--unfenced'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      POD_NAME: name,
      POD_NAMESPACE: operatorNamespace,
      GATEWAY_IMAGE: 'example.test/gateway:1',
      HEALTH_PORT: '0',
      KUBECONFIG: kubeconfig,
    },
  })
  const lines: Line[] = []
  createInterface({ input: child.stdout }).on('line', text => {
    const { level, event, ...fields } = JSON.parse(text) as Record<string, unknown>
    lines.push({ level: String(level), event: String(event), fields })
    keep('log', 'operator', text)
  })
  const hasSaid = (event: string) => async (): Promise<boolean> => lines.some(line => line.event === event)
  return {
    child,
    lines,
    ended: once(child, 'exit'),
    said: async event => void (await until(hasSaid(event), `${name} to say ${event}`)),
  }
}
