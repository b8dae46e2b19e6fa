import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authority } from '../../../hack/controlplane/certificates.ts'
import { conditionsOf, readable } from '../server-fixture.ts'
import { demand, eventually, type Stage } from '../stage.ts'

const secret = 'mcp-tls'

/** The certificates of a server's Service, of an authority that lives as long as the test. */
export type Certificates = {
  readonly ca: string
  /** Issues the next certificate and puts it, with its key, into the Secret that the MCPGateway names. */
  renew(): Promise<void>
  forget(): void
}

/** @param host the name that clients ask for */
export async function certificates({ kubectl }: Stage, space: string, host: string): Promise<Certificates> {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-e2e-'))
  const { ca, issue } = await authority(folder)
  let issued = 0
  return {
    ca,
    async renew() {
      await issue(`/CN=${host}`, `DNS:${host}`)
      issued++
      const files = ['--cert', join(folder, `issued-${issued}.crt`), '--key', join(folder, `issued-${issued}.key`)]
      const made = ['create', 'secret', 'tls', secret, '-n', space, ...files, '--dry-run=client', '-o', 'yaml']
      await kubectl.apply(await kubectl.ok(made))
    },
    forget: () => rmSync(folder, { recursive: true }),
  }
}

/** The fingerprint of what a client in the caller's pod is served, if its authority signed it. */
async function served({ kubectl }: Stage, space: string, host: string, ca: string): Promise<string> {
  const code = `const socket = require('tls').connect({host: '${host}', port: 8443, servername: '${host}', ca: ${JSON.stringify(ca)}}, () => {
  console.log(socket.getPeerCertificate().fingerprint256); process.exit()
})
socket.on('error', error => { console.error(error.message); process.exit(1) })`
  return (await kubectl.ok(['exec', '-n', space, 'caller', '--', 'node', '-e', code])).trim()
}

/** Which containers run, each with the time at which it started. */
async function running({ kubectl }: Stage, space: string, pod: string): Promise<string> {
  const ids = '{.status.initContainerStatuses[*].containerID} {.status.containerStatuses[*].containerID}'
  return kubectl.ok(['get', 'pod', '-n', space, pod, '-o', `jsonpath=${ids}`])
}

/** The certificate is replaced in its Secret, as cert-manager does: clients and the operator go on with the new one, and nothing is started anew. */
export async function renewal(
  stage: Stage,
  at: { readonly space: string; readonly host: string; readonly pod: string },
  certificates: Certificates,
): Promise<string> {
  const { space, host, pod } = at
  const [first, containers] = [await served(stage, space, host, certificates.ca), await running(stage, space, pod)]
  const began = performance.now()
  await certificates.renew()
  await eventually(
    async () => demand((await served(stage, space, host, certificates.ca)) !== first, 'the old one is still served'),
    150_000,
    500,
  )
  const took = ((performance.now() - began) / 1000).toFixed(0)
  demand((await running(stage, space, pod)) === containers, 'a container was started anew')
  const ready = await eventually(async () => {
    const found = (await conditionsOf(stage, space, 'one')).find(({ type }) => type === 'Ready')
    demand(found?.status === 'True', found === undefined ? 'no condition' : readable(found))
    return readable(found)
  }, 90_000)
  return `another certificate is served after ${took} s by the same containers; ${ready}`
}
