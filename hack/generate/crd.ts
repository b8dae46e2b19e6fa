import { z } from 'zod'
import { group, version, type Kind } from '../../crds/index.ts'
import { structural, type Schema } from './structural.ts'

const schemaOf = (schema: z.ZodType, path: string): Schema =>
  structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline', cycles: 'throw' }), path)

/** The only default in a CRD: what has no number cannot be scaled. */
function scaled(spec: Schema, replicas: number | undefined): Schema {
  if (replicas === undefined) return spec
  const properties = spec['properties'] as Record<string, Schema>
  return { ...spec, properties: { ...properties, replicas: { ...properties['replicas'], default: replicas } } }
}

/** The CustomResourceDefinition of one kind. */
export function crd(kind: Kind): object {
  const nameRules = kind.nameRules.map(({ rule, message }) => ({ rule, message }))
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${group}` },
    spec: {
      group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['mcp'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          additionalPrinterColumns: kind.columns,
          subresources: {
            status: {},
            ...(kind.scale && {
              scale: {
                specReplicasPath: '.spec.replicas',
                statusReplicasPath: '.status.replicas',
                labelSelectorPath: '.status.selector',
              },
            }),
          },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: kind.description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string', description: `${group}/${version}` },
                kind: { type: 'string', description: kind.kind },
                metadata: { type: 'object' },
                spec: scaled(schemaOf(kind.spec, 'spec'), kind.scale?.replicas),
                status: schemaOf(kind.status, 'status'),
              },
              ...(nameRules.length > 0 && { 'x-kubernetes-validations': nameRules }),
            },
          },
        },
      ],
    },
  }
}
