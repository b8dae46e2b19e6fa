import type { Judged } from './accept.ts'
import { bounded, type Condition, type Status } from './desired.ts'
import { serverName } from '../../gateway/config/kit.ts'
import { inForce } from './inforce.ts'
import { childName, ports } from './names.ts'
import type { Scene, ServerView } from './scene.ts'
import type { Missing } from './secrets.ts'

const resolved = (missing: readonly Missing[], generation: number | undefined): Condition => ({
  type: 'ResolvedRefs',
  status: missing.length === 0 ? 'True' : 'False',
  reason: missing[0]?.reason ?? 'ResolvedRefs',
  message:
    missing.length === 0 ? 'Everything that the spec names exists.' : bounded(missing.map(one => one.text).join('; ')),
  ...(generation !== undefined && { observedGeneration: generation }),
})

function status(judged: Judged, fields: Omit<Status['status'], 'conditions'>, more: readonly Condition[] = []): Status {
  const { kind, name, namespace, generation } = judged.document
  return {
    kind,
    name,
    namespace,
    status: {
      ...(generation !== undefined && { observedGeneration: generation }),
      conditions: [judged.accepted, ...more],
      ...fields,
    },
  }
}

const maxUrl = 2048

/** The address for clients, as far as files know it; one that is too long for a status is left out. */
function urlOf(name: string, scene: Scene): string | undefined {
  const url = addressOf(name, scene)
  return url !== undefined && url.length <= maxUrl ? url : undefined
}

function addressOf(name: string, { snapshot, settings }: Scene): string | undefined {
  const { publicUrl, tls } = settings?.spec ?? {}
  if (publicUrl !== undefined) return `${publicUrl.replace(/\/+$/, '')}/mcp/${name}`
  if (snapshot.standalone) return undefined
  const [scheme, port] = tls ? ['https', ports.tlsService] : ['http', ports.service]
  return `${scheme}://${childName(name)}.${snapshot.namespace}.svc:${port}/mcp/${name}`
}

/** The status of a server. */
export function serverStatus(view: ServerView, scene: Scene): Status {
  const { judged, missing } = view
  const { spec, document } = judged
  const phase = !spec ? ('Failed' as const) : spec.stopped === true ? ('Stopped' as const) : undefined
  const url = urlOf(document.name, scene)
  return status(
    judged,
    {
      ...(phase && { phase }),
      ...(spec && url !== undefined && { url }),
      ...(spec && { inForce: inForce(view, scene) }),
    },
    spec ? [resolved(missing, document.generation)] : [],
  )
}

function policyStatus(policy: Judged<'GuardrailPolicy'>, views: readonly ServerView[]): Status {
  const { name } = policy.document
  const servers = views
    .filter(({ guard }) => guard.broken.includes(name) || guard.policies.some(one => one.name === name))
    .map(view => view.judged.document.name)
    // A name that is refused says so at its own object.
    .filter(server => serverName.safeParse(server).success)
  return status(policy, { servers: servers.slice(0, 256), serverCount: servers.length })
}

function tlsMissing({ snapshot, settings }: Scene): Missing[] {
  const name = settings?.spec?.tls?.secretName
  if (name === undefined) return []
  const secret = snapshot.secrets.find(one => one.name === name && one.namespace === snapshot.namespace)
  if (!secret)
    return [{ reason: 'SecretNotFound', text: `there is no Secret ${name}: create one of type kubernetes.io/tls` }]
  const absent = ['tls.crt', 'tls.key'].filter(key => !secret.keys.includes(key))
  if (absent.length === 0) return []
  return [{ reason: 'SecretKeyNotFound', text: `Secret ${name} lacks ${absent.join(' and ')}` }]
}

/** The status of an object that says nothing but whether it makes sense. */
export const plainStatus = (judged: Judged): Status => status(judged, {})

/** The status of every object but the servers. */
export function statuses(views: readonly ServerView[], scene: Scene): Status[] {
  const { keys, policies, settings, strays } = scene
  return [
    ...policies.map(policy => policyStatus(policy, views)),
    ...[...keys, ...strays].map(plainStatus),
    ...(settings
      ? [status(settings, {}, settings.spec ? [resolved(tlsMissing(scene), settings.document.generation)] : [])]
      : []),
  ]
}
