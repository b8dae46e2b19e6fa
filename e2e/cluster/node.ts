import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import type { Kubectl } from './kubectl.ts'
import { demand, type Stage } from './stage.ts'

/** Whether processes, mounts and rules of the pods can be got at from here: on the local node alone. */
export const isOwnNode = ({ kind }: Cluster): boolean => kind === 'local'

/** Sees something that takes hold of the node itself. On any other cluster the table says that it was not looked at; answers false then, too. */
export async function nodeRow(stage: Stage, what: string, see: () => Promise<string>): Promise<boolean> {
  if (isOwnNode(stage.cluster)) return stage.row(what, see)
  stage.unseen(what, 'needs the processes, files or rules of the node: hack/cluster/up and no KUBECONFIG')
  return false
}

/** This machine, as the pods of the local node see it: outside of the cluster. */
export const outside = '172.30.255.2'

const folder = process.env['BARTIZAN_CLUSTER'] ?? '/var/lib/bartizan-cluster'

const uidOf = (kubectl: Kubectl, namespace: string, pod: string): Promise<string> =>
  kubectl.ok(['get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.metadata.uid}'])

/** A process may end while it is looked at. */
function isGateway(pid: string, uid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`POD_UID=${uid}`)
  } catch {
    return false
  }
}

/** The process of the gateway in a pod, by the variable that tells it its pod; undefined when there is none just now. */
export async function gatewayProcess(kubectl: Kubectl, namespace: string, pod: string): Promise<number | undefined> {
  const uid = await uidOf(kubectl, namespace, pod)
  const pid = readdirSync('/proc').find(name => /^\d+$/.test(name) && isGateway(name, uid))
  return pid === undefined ? undefined : Number(pid)
}

/** Sends a signal to the gateway of a pod alone. */
export async function signalGateway(
  kubectl: Kubectl,
  at: { readonly namespace: string; readonly pod: string },
  signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL',
): Promise<void> {
  const pid = await gatewayProcess(kubectl, at.namespace, at.pod)
  demand(pid !== undefined, `no process of the gateway of ${at.pod}`)
  process.kill(pid, signal)
}

/** The folder on the node that one pod has mounted as its configuration. */
export async function mountedConfiguration(kubectl: Kubectl, namespace: string, pod: string): Promise<string> {
  const uid = await uidOf(kubectl, namespace, pod)
  return join(folder, 'kubelet', 'pods', uid, 'volumes', 'kubernetes.io~configmap', 'config')
}

/** Stops the kubelet of the local node while something happens: it would put right at once what is changed behind its back. */
export async function withoutKubelet<T>(run: () => Promise<T>): Promise<T> {
  const isKubelet = (pid: string): boolean => {
    try {
      const [program = '', ...rest] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return program.split('/').at(-1) === 'kubelet' && rest.includes(join(folder, 'kubelet'))
    } catch {
      return false // it has ended meanwhile
    }
  }
  const pid = Number(readdirSync('/proc').find(name => /^\d+$/.test(name) && isKubelet(name)))
  demand(pid > 0, 'there is no kubelet of the local node')
  process.kill(pid, 'SIGSTOP')
  try {
    return await run()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}
