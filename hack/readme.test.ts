import { randomBytes } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../cli/main.ts'

const root = join(import.meta.dirname, '..')
const documents = globSync('{*.md,docs/**/*.md}', { cwd: root }).map(file => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
}))
const folder = mkdtempSync(join(tmpdir(), 'readme-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs one command line of bartizan in this process. */
async function bartizan(...args: string[]): Promise<{ code: number; said: string }> {
  let said = ''
  const say = (text: string): void => void (said += text)
  const code = await main(args, { env: {}, now: () => 0, random: randomBytes, out: say, err: say })
  return { code, said }
}

/** What is written as code, be it a block or a word: prose may say "bartizan stands" as it likes. */
const code = (text: string): string => [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].join('\n')

describe('what the documents say to type', () => {
  test('names only commands that there are', async () => {
    const { said } = await bartizan('help')
    const there = [...said.matchAll(/^ {2}(\w[\w-]*) {2,}/gm)].map(match => match[1]!)
    expect(there).toContain('lint')
    const unknown = documents.flatMap(({ file, text }) =>
      [...code(text).matchAll(/\bbartizan (?:-- )?([a-z][a-z-]+)/g)]
        .map(match => match[1]!)
        .filter(command => !there.includes(command))
        .map(command => `${file}: bartizan ${command}`),
    )
    expect(unknown).toEqual([])
  })

  test('names only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
    const unknown = documents.flatMap(({ file, text }) =>
      [...text.matchAll(/\bnpm run ([\w:-]+)/g)]
        .map(match => match[1]!)
        .filter(script => !Object.hasOwn(scripts, script))
        .map(script => `${file}: npm run ${script}`),
    )
    expect(unknown).toEqual([])
  })
})

describe('the options that the documents name', () => {
  /** Commands, and the options that stand on the same line before a pipe or a comment. */
  const lines = documents.flatMap(({ file, text }) =>
    [...code(text).matchAll(/\bbartizan ([a-z][a-z-]+)([^\n|`#]*)/g)].map(([, command, rest]) => ({
      file,
      command: command!,
      options: [...rest!.matchAll(/(?<=\s)--?[a-z][\w-]*/g)].map(([option]) => option),
    })),
  )

  test('are those of their commands', async () => {
    const unknown: string[] = []
    for (const { file, command, options } of lines.filter(line => line.options.length > 0)) {
      const { said } = await bartizan(command, '--help')
      const known = new Set(said.match(/(?<![\w-])--?[a-z][\w-]*/g))
      const missing = options.filter(option => !known.has(option))
      unknown.push(...missing.map(option => `${file}: bartizan ${command} ${option}`))
    }
    expect(lines.filter(line => line.options.length > 0).length).toBeGreaterThan(5)
    expect(unknown).toEqual([])
  })
})

describe('the manifests of the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const manifests = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(match => match[1]!)

  test('are there, and the first server takes at most twelve lines', () => {
    expect(manifests.length).toBeGreaterThan(1)
    expect(manifests[0]).toContain('kind: MCPServer')
    expect(manifests[0]!.trimEnd().split('\n').length).toBeLessThanOrEqual(12)
  })

  test('pass the linter, all of them together', async () => {
    const files = manifests.map((text, at) => {
      const file = join(folder, `${at}.yaml`)
      writeFileSync(file, text)
      return file
    })
    const { code, said } = await bartizan('lint', ...files)
    expect(said).toContain(`${manifests.join('\n').match(/^kind:/gm)!.length} objects`)
    expect({ code, said }).toMatchObject({ code: 0 })
  })

  test('work together with the key that its first command makes', async () => {
    const files = [...manifests, ''].map((_, at) => join(folder, `${at}.yaml`))
    const command = /^npx bartizan (keys create .*) -o alice\.yaml/m.exec(readme)![1]!.split(' ')
    expect(await bartizan(...command, '-o', files.at(-1)!)).toMatchObject({ code: 0 })
    const { code, said } = await bartizan('explain', 'files', ...files.flatMap(file => ['-f', file]))
    expect({ code, said }).toMatchObject({ code: 0 })
    for (const name of ['GuardrailPolicy/baseline', 'search_files', '127.0.0.0/8']) expect(said).toContain(name)
    expect(await bartizan('lint', ...files)).toMatchObject({ code: 0 })
  })
})

describe('the page of clients', () => {
  const page = readFileSync(join(root, 'docs/clients.md'), 'utf8')
  const blocks = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(match => JSON.parse(match[1]!) as unknown)
  const printed = async (client: string): Promise<string> =>
    (await bartizan('client-config', 'files', '--url', 'http://localhost:8080', '--client', client)).said

  test('says what bartizan client-config prints', async () => {
    const command = /^claude mcp add .*$/m.exec(page)?.[0]
    expect(await printed('claude-code')).toContain(command)
    for (const client of ['gemini', 'mcp-remote']) {
      const said = await printed(client)
      expect(blocks).toContainEqual(JSON.parse(said.slice(said.indexOf('{\n'))))
    }
  })
})
