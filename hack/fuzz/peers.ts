import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shapes } from './canonical.ts'

/** A JSON parser of another language in a process of its own. */
export type Peer = {
  readonly language: 'python' | 'go'
  /** One line for each document, in order. */
  ask(documents: readonly Buffer[]): Promise<readonly string[]>
  close(): void
}

const runs = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** The languages that are not installed here. */
export const missingLanguages = (): ('python' | 'go')[] => [
  ...(runs('python3', '--version') ? [] : (['python'] as const)),
  ...(runs('go', 'version') ? [] : (['go'] as const)),
]

/** Starts the parsers that are installed. */
export function startPeers(): Peer[] {
  const missing = missingLanguages()
  const peers: Peer[] = []
  if (!missing.includes('python'))
    peers.push(start('python', 'python3', ['-S', join(import.meta.dirname, 'oracle.py')]))
  if (!missing.includes('go')) peers.push(startGo())
  return peers
}

function startGo(): Peer {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-fuzz-'))
  const program = join(folder, 'oracle')
  const built = spawnSync('go', ['build', '-o', program, join(import.meta.dirname, 'oracle.go')], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`oracle.go does not build: ${built.stderr}`)
  const peer = start('go', program, [JSON.stringify(shapes)])
  return {
    ...peer,
    close() {
      peer.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function start(language: Peer['language'], command: string, args: string[]): Peer {
  const process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let lines: string[] = []
  let rest = ''
  let wake = () => {}
  let ended = false
  process.stdout.setEncoding('utf8')
  process.stdout.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) lines.push(part)
    wake()
  })
  process.on('close', () => {
    ended = true
    wake()
  })
  process.stdin.on('error', () => {
    ended = true
  })

  return {
    language,
    async ask(documents) {
      process.stdin.write(framed(documents))
      while (lines.length < documents.length) {
        if (ended) throw new Error(`the ${language} parser died`)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      const answers = lines.slice(0, documents.length)
      lines = lines.slice(documents.length)
      return answers
    },
    close() {
      process.stdin.end()
    },
  }
}

function framed(documents: readonly Buffer[]): Buffer {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  return Buffer.concat([word(documents.length), ...documents.flatMap(document => [word(document.length), document])])
}
