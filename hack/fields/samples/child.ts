import { exchanges } from '../exchanges.ts'
import { key, object, type Sample } from '../sample.ts'

const child = (spec: object, values: readonly unknown[]): Sample => ({
  documents: [object('MCPServer', 'one', { command: ['$NODE', '$CHILD', 'serve'], ...spec }), key()],
  values,
  where: 'of a child process',
  witness: exchanges.call(),
})

/** What a field of an MCPServer does to a child process, where it acts on a container too. */
export const childSamples: Readonly<Record<string, Sample>> = {
  'MCPServer.spec.command[]': child({}, ['$NODE', '/no/such/program']),
  'MCPServer.spec.args[]': child({ args: ['--fast'] }, ['--fast', '--safe']),
  'MCPServer.spec.env[].name': child({ env: [{ name: 'LEVEL', value: 'low' }] }, ['LEVEL', 'DEPTH']),
  'MCPServer.spec.env[].value': child({ env: [{ name: 'LEVEL', value: 'low' }] }, ['low', 'high']),
  'MCPServer.spec.secrets[].name': child({ secrets: [{ name: 'first', envVar: 'KEY' }] }, ['first', 'second']),
  'MCPServer.spec.secrets[].envVar': child({ secrets: [{ name: 'first', envVar: 'KEY', key: 'user' }] }, [
    'KEY',
    'TOKEN',
  ]),
  'MCPServer.spec.secrets[].key': child({ secrets: [{ name: 'first', envVar: 'KEY', key: 'user' }] }, [
    'user',
    'password',
  ]),
}
