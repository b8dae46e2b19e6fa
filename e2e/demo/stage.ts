import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startNode } from '../conformance/child.ts'
import { bartizan, bartizanRun, type Running } from './cli.ts'
import { manifests } from './manifests.ts'

/** Everything that the rows of the demo act on. */
export type Stage = {
  readonly gateway: Running
  readonly keys: { readonly alice: string; readonly bob: string }
  /** The file in which bob's key is said to be valid. */
  readonly bobFile: string
  readonly state: string
  readonly box: string
  /** Stands in a file that the filesystem server serves; made for this run. */
  readonly secret: string
  /** Ends all processes and removes all files. */
  clean(): Promise<void>
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A token of the shape that GitHub gives out, and that opens nothing. */
const freshToken = (): string => `ghp_${Array.from(randomBytes(36), byte => alphabet[byte % alphabet.length]).join('')}`

const script = (name: string): string =>
  join(createRequire(import.meta.url).resolve(`@modelcontextprotocol/${name}/package.json`), '..', 'dist', 'index.js')

/** The usual port when it is free: then the printed commands are those of the documentation. */
async function preferredPort(): Promise<number> {
  const server = createServer()
  try {
    server.listen(8080, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return port
  } catch {
    return 0
  }
}

async function makeKey(name: string, file: string): Promise<string> {
  const { code, err } = await bartizan('keys', 'create', name, '--servers', '*', '-o', file)
  const key = /btz_[a-z0-9]+_[A-Za-z0-9]+/.exec(err)?.[0]
  if (code !== 0 || key === undefined) throw new Error(`keys create ended with ${code}`)
  return key
}

export type Setting = {
  /** Port of the gateway; 0 for any that is free. Unset: 8080 when it is free. */
  readonly port?: number
  /** Changes the manifests; a test weakens them, to see that the rows notice. */
  readonly edit?: (manifests: string) => string
}

/** Sets everything up: a folder with a secret in it, two servers, two keys, and the gateway before them. */
export async function setUp({ port, edit = text => text }: Setting): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-demo-'))
  const [box, files, state] = ['box', 'manifests', 'state'].map(name => join(folder, name)) as [string, string, string]
  for (const name of [box, files]) mkdirSync(name)
  const secret = freshToken()
  writeFileSync(join(box, 'hello.txt'), 'Hello from behind the wall.\n')
  writeFileSync(join(box, 'deploy.env'), `REGION=north\nGITHUB_TOKEN=${secret}\nREPLICAS=3\n`)
  const everythingPort = await freePort()
  const everything = await startNode([script('server-everything'), 'streamableHttp'], everythingPort, {
    PORT: String(everythingPort),
  })
  const clean = async (gateway?: Running): Promise<void> => {
    await gateway?.stop()
    await everything.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    writeFileSync(
      join(files, 'servers.yaml'),
      edit(
        manifests({
          filesystem: [process.execPath, script('server-filesystem')],
          box,
          everythingUrl: `http://127.0.0.1:${everythingPort}/mcp`,
        }),
      ),
    )
    const bobFile = join(files, 'bob.yaml')
    const keys = { alice: await makeKey('alice', join(files, 'alice.yaml')), bob: await makeKey('bob', bobFile) }
    const listen = `127.0.0.1:${port ?? (await preferredPort())}`
    const gateway = await bartizanRun(['-f', files, '--state', state, '--listen', listen])
    return { gateway, keys, bobFile, state, box, secret, clean: () => clean(gateway) }
  } catch (error) {
    await clean()
    throw error
  }
}
