import { filesLike, manifestsIn, type Manifest } from './files.ts'

type PolicyRule = {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export type Role = Manifest & { readonly rules: readonly PolicyRule[] }

/** One verb on one resource: the least that can be taken away. */
export type Grant = { readonly role: string; readonly resource: string; readonly verb: string }

/** What the operator holds: its ClusterRole, and its Role in its own namespace. */
export const operatorRoles = (): Role[] =>
  filesLike('config/rbac/*.yaml')
    .flatMap(({ text }) => manifestsIn(text))
    .filter(({ kind, metadata }) => /^(?:Cluster)?Role$/.test(kind) && metadata?.name === 'bartizan-operator')
    .map(role => role as Role)

const withGroup = (group: string, resource: string): string => (group === '' ? resource : `${resource}.${group}`)

/** Every verb on every resource of a role. */
export const grantsOf = ({ kind, rules }: Role): Grant[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(group =>
      resources.flatMap(resource => verbs.map(verb => ({ role: kind, resource: withGroup(group, resource), verb }))),
    ),
  )

export const nameOf = ({ resource, verb }: Grant): string => `${verb} ${resource}`

/** A role without one grant, named as {@link nameOf} does; all the rest of it stays. */
export function without(role: Role, grant: string): Role {
  const rules = role.rules.flatMap(rule =>
    rule.apiGroups.flatMap(group =>
      rule.resources.map(resource => {
        const verbs = rule.verbs.filter(verb => grant !== `${verb} ${withGroup(group, resource)}`)
        return { ...rule, apiGroups: [group], resources: [resource], verbs }
      }),
    ),
  )
  return { ...role, rules: rules.filter(({ verbs }) => verbs.length > 0) }
}
