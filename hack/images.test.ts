import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gatewayFlags, operatorFlags } from './flags.ts'

const read = (name: string): string => readFileSync(join(import.meta.dirname, '..', name), 'utf8')
const dockerfile = { gateway: read('Dockerfile.gateway'), operator: read('Dockerfile.operator') }

describe('the images', () => {
  test.each([
    ['gateway', gatewayFlags()],
    ['operator', operatorFlags()],
  ] as const)(
    'run the %s with the flags that were measured; the old space by a variable, set with the limit',
    (name, flags) => {
      const words = /^ENTRYPOINT (.*)$/m.exec(dockerfile[name])?.[1] ?? '[]'
      const variable = /^ENV NODE_OPTIONS=(\S+)$/m.exec(dockerfile[name])?.[1]
      const [node, ...rest] = JSON.parse(words) as string[]
      expect(node).toBe('node')
      expect(new Set([...rest.slice(0, -1), variable])).toEqual(new Set(flags))
    },
  )

  test.each([
    ['gateway', 10_002],
    ['operator', 65_532],
  ] as const)('run the %s as user %i, by number, so that runAsNonRoot can be checked', (name, uid) => {
    const users = [...dockerfile[name].matchAll(/^USER (.*)$/gm)].map(([, user]) => user)
    expect(users).toEqual([`${uid}:${uid}`])
  })

  test('take into the build what the bundles are made of, and nothing else', () => {
    const lines = read('.dockerignore').split('\n')
    expect(lines[0]).toBe('*')
    expect(lines).toContain('!gateway')
    expect(lines.filter(line => /node_modules|\.git\b|\.env/.test(line))).toEqual([])
  })
})
