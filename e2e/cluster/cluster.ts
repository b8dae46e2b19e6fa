import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { obtain } from '../../hack/cluster/binaries.ts'
import { kubectlOf, type Kubectl } from './kubectl.ts'
import { program, succeeds } from './program.ts'

/** A cluster with real kubelets. */
export type Cluster = {
  /** Whose it is: the one of KUBECONFIG, one of kind, or the local node of `hack/cluster`. */
  readonly kind: 'given' | 'kind' | 'local'
  readonly says: string
  readonly kubeconfig: string
  readonly kubectl: Kubectl
  /** Brings images from Docker to the nodes. */
  load(images: readonly string[]): void
  /** Ends the cluster, if it was started here. */
  stop(): void
}

const name = 'bartizan-e2e'

async function kubectlProgram(): Promise<string> {
  const found = await obtain()
  if ('folder' in found) return join(found.folder, 'kubectl')
  if (succeeds('kubectl', ['version', '--client'])) return 'kubectl'
  throw new Error(`no kubectl: ${found.reason}`)
}

/** How images get to a cluster that others run is up to them: a registry, or a command such as `minikube image load`. */
function loadGiven(images: readonly string[]): void {
  const command = process.env['BARTIZAN_LOAD']
  if (command === undefined) return
  for (const image of images) program('sh', ['-c', `${command} "$1"`, 'sh', image])
}

async function given(kubeconfig: string): Promise<Cluster> {
  const kubectl = kubectlOf(await kubectlProgram(), kubeconfig)
  return { kind: 'given', says: 'the cluster of KUBECONFIG', kubeconfig, kubectl, load: loadGiven, stop: () => {} }
}

/** kind has to be installed, Docker has to run, and the image of its node has to be there or to be had. */
async function kind(): Promise<Cluster | undefined> {
  if (!succeeds('kind', ['version']) || !succeeds('docker', ['info'])) return undefined
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'bartizan-kind-')), 'kubeconfig')
  const started = succeeds('kind', ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--wait', '120s'])
  if (!started) return undefined
  return {
    kind: 'kind',
    says: 'kind',
    kubeconfig,
    kubectl: kubectlOf(await kubectlProgram(), kubeconfig),
    load: images => void program('kind', ['load', 'docker-image', '--name', name, ...images]),
    stop: () => void program('kind', ['delete', 'cluster', '--name', name]),
  }
}

async function local(): Promise<Cluster> {
  const found = await obtain()
  if ('reason' in found) throw new Error(found.reason)
  const kubeconfig = program('hack/cluster/up', [])
  return {
    kind: 'local',
    says: 'the local node of hack/cluster, its NetworkPolicies enforced by the test tool hack/cluster/enforcer',
    kubeconfig,
    kubectl: kubectlOf(await kubectlProgram(), kubeconfig),
    load: images => void program('hack/cluster/images', ['load', ...images]),
    stop: () => void program('hack/cluster/down', []),
  }
}

/** The cluster that KUBECONFIG names; else one of kind, where that works; else the local node. */
export async function obtainCluster(): Promise<Cluster> {
  const named = process.env['KUBECONFIG']
  if (named !== undefined && named !== '') return given(named)
  return (await kind()) ?? local()
}
