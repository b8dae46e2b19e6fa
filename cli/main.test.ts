import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { main } from './main.ts'

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await main(args, {
    env: {},
    out: text => (said.out += text),
    err: text => (said.err += text),
    now: () => 0,
    random: randomBytes,
  })
  return { code, ...said }
}

/** Each command, the files in which its options stand, and their number. */
const commands: readonly [name: string, file: string, options: number][] = [
  ['run', 'run-options.ts', 8],
  ['lint', 'lint.ts', 0],
  ['keys', 'keys.ts', 7],
  ['client-config', 'client-config.ts', 3],
  ['tools', 'tools.ts', 4],
  ['explain', 'explain.ts', 2],
  ['render', 'render.ts', 4],
  ['audit', 'audit.ts', 2],
]

const optionsIn = (file: string): string[] =>
  [
    ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(
      /^ {2}'?([a-z-]+)'?: \{ type: '|[{,] '?([a-z-]+)'?: \{ type: '/gm,
    ),
  ].map(match => match[1] ?? match[2]!)

describe('help', () => {
  test('lists every command, and is what comes when nothing was said', async () => {
    const { code, out } = await run('help')
    expect(code).toBe(0)
    expect([...out.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(match => match[1])).toEqual(commands.map(([name]) => name))
    expect(await run()).toMatchObject({ code: 2, out })
    expect(await run('--help')).toMatchObject({ code: 0, out })
  })

  test.each(commands)(
    'of %s begins with how it is called, gives an example and names every option',
    async (name, file, count) => {
      const { code, out, err } = await run(name, '--help')
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out.startsWith(`bartizan ${name} `)).toBe(true)
      const options = optionsIn(file)
      expect(options).toHaveLength(count)
      for (const option of options) expect(out).toContain(`--${option}`)
      expect(out.split('\n').filter(line => line.length > 120)).toEqual([])
    },
  )

  test('is what a wrong command line points to', async () => {
    expect((await run('run')).err).toBe(
      'bartizan: name the manifests: bartizan run -f FILE|DIR\nSee "bartizan run --help".\n',
    )
    expect((await run('toString')).err).toContain('there is no command toString')
  })
})
