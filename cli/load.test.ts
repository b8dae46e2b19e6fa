import { describe, expect, test } from 'vitest'
import { mint } from '../hack/minted.ts'
import { load, type Loaded } from './load.ts'

const read = (text: string, environment?: Record<string, string>, previous?: Loaded): Loaded =>
  load([{ file: 'a.yaml', text }], environment, previous)
const problems = (text: string, environment?: Record<string, string>): string[] =>
  read(text, environment).problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
const names = (loaded: Loaded): string[] => loaded.resources.map(({ kind, name }) => `${kind} ${name}`)

const object = (kind: string, name: string): string =>
  `apiVersion: mcp.gateway.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\n`
const secret = (body: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n${body}\n`

describe('a document that cannot be taken for what it is meant to be', () => {
  test.each([
    ['has a key twice', `${object('MCPServer', 'a')}kind: APIKey\n`, '4:1 : Map keys must be unique'],
    ['is no object', '- 1\n', '1:1 : must be an object with apiVersion, kind and metadata'],
    ['has no kind', 'apiVersion: v1\nmetadata: {name: a}\n', '1:1 kind: kind is missing'],
    ['has no apiVersion', 'kind: MCPServer\n', '1:1 apiVersion: apiVersion is missing'],
    [
      'has no name',
      'apiVersion: mcp.gateway.io/v1\nkind: MCPServer\nmetadata: {}\n',
      '3:1 metadata.name: metadata.name is missing',
    ],
    ['misspells our kind', object('MCPSever', 'a'), '2:7 kind: there is no kind MCPSever; did you mean MCPServer?'],
    [
      'has a kind of ours that does not exist',
      object('Zebra', 'a'),
      '2:7 kind: there is no kind Zebra; there are MCPServer, GuardrailPolicy, APIKey, MCPGateway',
    ],
    [
      'misspells our group',
      'apiVersion: mcp.gatway.io/v1\nkind: MCPServer\nmetadata: {name: a}\n',
      '1:13 apiVersion: apiVersion of a MCPServer must be mcp.gateway.io/v1',
    ],
    [
      'is a List',
      'apiVersion: v1\nkind: List\nitems: []\n',
      '2:7 kind: a List is not read: write its items as documents of their own',
    ],
    ['has an unknown tag', `${object('MCPServer', 'a')}spec: !run x\n`, '4:7 : Unresolved tag: !run'],
    ['has an unfinished text', 'kind: "MCPServer\n', '2:1 : Missing closing "quote'],
  ])('because it %s is a problem with its place', (_, text, problem) => expect(problems(text)).toEqual([problem]))

  test('because its aliases unfold without end is refused', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [*l${at}, *l${at}, *l${at}, *l${at}]`)
    expect(problems(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toEqual([
      '1:1 : Excessive alias count indicates a resource exhaustion attack',
    ])
  })

  test('because it is larger than anybody writes is refused', () =>
    expect(problems(`# ${'x'.repeat(4 * 1024 * 1024)}`)).toEqual(['1:1 : larger than 4 MiB']))

  test('does not hide the documents around it', () => {
    const loaded = read(`${object('MCPServer', 'a')}---\n{]\n---\n${object('APIKey', 'b')}`)
    expect(names(loaded)).toEqual(['MCPServer a', 'APIKey b'])
    expect(loaded.problems.length).toBeGreaterThan(0)
  })

  test('because another has its name is a problem that says where the other is', () => {
    expect(problems(`${object('APIKey', 'a')}---\n${object('APIKey', 'a')}`)).toEqual([
      '7:18 metadata.name: APIKey a is already defined at a.yaml:1: remove one of them',
    ])
  })
})

describe('a document of somebody else', () => {
  test('is left alone with a note', () => {
    const loaded = read('# first\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n')
    expect(loaded.problems).toEqual([])
    expect(loaded.notes).toEqual(['a.yaml:2: Deployment web is ignored: without a cluster nothing acts on it'])
  })

  test('that is empty says nothing beside others', () =>
    expect(read(`---\n---\n# only a comment\n---\n${object('APIKey', 'k')}`)).toMatchObject({
      problems: [],
      notes: [],
    }))
})

describe('a place in a document', () => {
  const { document } = read(`${object('MCPServer', 'a')}spec:
  args: [a, b]
  labels: {app.kubernetes.io/name: x}
  merged: &m {deep: 1}
`).resources[0]!

  test.each([
    ['spec.args', 'key', 5, 3],
    ['spec.args', 'value', 5, 9],
    ['spec.args[1]', 'value', 5, 13],
    ['spec.labels.app.kubernetes.io/name', 'key', 6, 12],
    ['spec.labels.app.kubernetes.io/name', 'value', 6, 36],
    ['spec.missing.deeper', 'value', 4, 1],
    ['spec.args[7]', 'value', 5, 3],
    ['', 'value', 1, 1],
  ] as const)('of %j (%s) is line %i, column %i', (path, of, line, column) =>
    expect(document.place(path, of)).toEqual({ file: 'a.yaml', line, column }),
  )
})

describe('a Secret', () => {
  test('takes values from the environment and keeps what is escaped', () => {
    const value = mint('token')
    const { secrets } = read(secret('stringData: {a: "x-${TOKEN}-${TOKEN}", b: "$${TOKEN}"}'), { TOKEN: value })
    expect(secrets[0]).toMatchObject({ name: 's', namespace: undefined })
    expect(secrets[0]!.values.get('a')?.toString()).toBe(`x-${value}-${value}`)
    expect(secrets[0]!.values.get('b')?.toString()).toBe('${TOKEN}')
  })

  test('decodes data, and stringData wins', () => {
    const { secrets } = read(secret('data: {a: aGVsbG8=, b: aGVsbG8=}\nstringData: {b: hi}'), {})
    expect([...secrets[0]!.values.values()].map(String)).toEqual(['hello', 'hi'])
  })

  test.each([
    [
      'names a variable that is not set',
      'stringData: {a: "${NOT_THERE}"}',
      '4:17 stringData.a: the environment variable NOT_THERE is not set: export it before the start',
    ],
    [
      'names what is no variable',
      'stringData: {a: "${1 + 1}"}',
      '4:17 stringData.a: "${1 + 1}" is not the name of an environment variable',
    ],
    ['holds a number', 'stringData: {a: 1}', '4:17 stringData.a: must be a string: put it in quotes'],
    [
      'is not base64',
      'data: {a: "not base64"}',
      '4:11 data.a: is not base64: encode the value, or put it as it is under stringData',
    ],
    ['has an unknown field', 'stringdata: {a: b}', '4:1 stringdata: unknown field of a Secret'],
    ['has a list for its data', 'data: []', '4:7 data: must be an object of strings'],
  ])('that %s is a problem', (_, body, problem) => expect(problems(secret(body), {})).toEqual([problem]))

  test('is checked without an environment when only its spelling counts', () =>
    expect(problems(secret('stringData: {a: "${NOT_THERE}"}'))).toEqual([]))

  test('never shows its value in a problem', () => {
    const value = mint('token')
    expect(
      JSON.stringify(read(secret(`data: {a: "${value}!"}\nstringData: {b: [${value}]}`), {}).problems),
    ).not.toContain(value)
  })
})

describe('a file that breaks while it is watched', () => {
  const before = read(
    `${object('GuardrailPolicy', 'g')}---\n${object('APIKey', 'k')}---\n${secret('stringData: {a: b}')}`,
    {},
  )

  test('keeps what it no longer shows', () => {
    const after = read('k: {]', {}, before)
    expect(names(after)).toEqual(['GuardrailPolicy g', 'APIKey k'])
    expect(after.secrets[0]!.values.get('a')?.toString()).toBe('b')
  })

  test('still gives what can be read, such as a revoked key', () => {
    const after = read(`{]\n---\n${object('APIKey', 'k')}spec: {revoked: true}\n`, {}, before)
    expect(names(after)).toEqual(['APIKey k', 'GuardrailPolicy g'])
    expect(after.resources[0]!.document.value['spec']).toEqual({ revoked: true })
  })

  test.each(['', '\n \n', '# nothing any more\n', '---\n', '---\n---\n# x\n', 'null\n'])(
    'keeps everything while it holds no object (%j), as editors leave it for a moment',
    text => {
      const after = read(text, {}, before)
      expect(names(after)).toEqual(['GuardrailPolicy g', 'APIKey k'])
      expect(after.problems.map(({ message }) => message)).toEqual([
        'the file holds no object: write its objects, or remove the file',
      ])
    },
  )

  test('gives up a key that no document shows any more, and says so', () => {
    const after = read('{]', {}, before)
    expect(names(after)).toEqual(['GuardrailPolicy g'])
    expect(after.notes).toEqual(['a.yaml: APIKey k is gone from the file: it is revoked at once'])
  })

  test('keeps a key whose own document is the broken one', () => {
    expect(names(read('kind: APIKey\nmetadata: {name: k}\nspec: {]\n', {}, before))).toContain('APIKey k')
    expect(names(read(object('APIKye', 'k'), {}, before))).toContain('APIKey k')
  })

  test('forgets nothing when it stays broken, and lets go when it is mended', () => {
    const broken = read('k: {]', {}, read('k: {]', {}, before))
    expect(names(broken)).toEqual(['GuardrailPolicy g', 'APIKey k'])
    expect(names(read(object('APIKey', 'k'), {}, broken))).toEqual(['APIKey k'])
  })

  test('does not touch what another file says', () => {
    const two = load(
      [
        { file: 'a.yaml', text: 'k: {]' },
        { file: 'b.yaml', text: object('APIKey', 'new') },
      ],
      {},
      before,
    )
    expect(names(two)).toEqual(['GuardrailPolicy g', 'APIKey k', 'APIKey new'])
  })

  test('is as gone as its objects when it is deleted', () => expect(load([], {}, before).resources).toEqual([]))
})
