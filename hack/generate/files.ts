import { stringify } from 'yaml'
import { group, kinds } from '../../crds/index.ts'
import { conditions } from './conditions.ts'
import { crd } from './crd.ts'
import { reference } from './reference.ts'

/** Everything that is generated from the schemas: path from the root of the repository, and text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const all = Object.values(kinds)
  const names = all.map(kind => `${group}_${kind.plural}.yaml`)
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: names }
  return new Map([
    ...all.map((kind, at) => [`config/crd/${names[at]}`, stringify(crd(kind), { lineWidth: 0 })] as const),
    ['config/crd/kustomization.yaml', stringify(kustomization)],
    ['docs/reference.md', reference(all)],
    ['docs/conditions.md', conditions()],
  ])
}
