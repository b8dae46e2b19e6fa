import { managed, ownedBy, server } from '../made.ts'
import { core } from '../places.ts'
import { controlled, type Field } from './field.ts'

export const fieldsOfSecrets: readonly Field[] = [
  {
    object: 'Secret',
    of: ['guard Secret', 'digest Secret'],
    field: 'type',
    allowed: '`Opaque`',
    changes: [
      {
        what: 'for the token of a ServiceAccount',
        change: {
          type: 'kubernetes.io/service-account-token',
          metadata: { annotations: { 'kubernetes.io/service-account.name': 'default' } },
        },
        says: 'denied request',
      },
      ...[
        'bootstrap.kubernetes.io/token',
        'kubernetes.io/tls',
        'kubernetes.io/dockerconfigjson',
        'kubernetes.io/dockercfg',
        'kubernetes.io/basic-auth',
        'kubernetes.io/ssh-auth',
        'helm.sh/release.v1',
      ].map(type => ({
        what: `of the type ${type}`,
        change: { type, data: dataOf(type) },
        says: 'of the type Opaque',
      })),
    ],
  },
  {
    object: 'Secret',
    of: ['guard Secret', 'digest Secret'],
    field: 'metadata.annotations',
    allowed: 'none beside those that were there',
    changes: [
      {
        what: 'that names a ServiceAccount',
        change: { metadata: { annotations: { 'kubernetes.io/service-account.name': 'default' } } },
        says: 'denied request',
      },
      {
        what: 'that names the uid of a ServiceAccount',
        change: { metadata: { annotations: { 'kubernetes.io/service-account.uid': 'x' } } },
        says: 'denied request',
      },
    ],
  },
  {
    object: 'Secret',
    of: ['guard Secret'],
    field: 'metadata.name',
    allowed: '`NAME-guard` of an MCPServer; `NAME-digest` and the delivered Secret, of any name, of an APIKey',
    changes: [
      { what: 'under another name', change: { metadata: { name: 'other' } }, says: 'and no other Secret' },
      {
        what: 'for a policy',
        change: { metadata: { ownerReferences: ownedBy('GuardrailPolicy', server) } },
        says: 'and no other Secret',
      },
    ],
  },
  {
    object: 'Secret',
    of: ['guard Secret', 'digest Secret'],
    field: 'data',
    allowed: '`guard`; `digest`, `secretName`, `pending`; `api-key`; what was there',
    changes: [
      { what: 'with a certificate', change: { data: { 'tls.crt': 'AAAA' } }, says: 'puts nothing else into a Secret' },
      { what: 'with text', change: { stringData: { 'token-id': 'x' } }, says: 'puts nothing else into a Secret' },
    ],
  },
  {
    object: 'Secret',
    of: ['digest Secret'],
    field: 'immutable',
    allowed: '`false`, or none',
    changes: [{ what: 'that cannot be changed', change: { immutable: true }, says: 'can be changed' }],
  },
  {
    object: 'Secret',
    of: [],
    field: 'a change',
    allowed: 'of `NAME-digest` alone',
    changes: [
      {
        what: 'a change of a guard secret',
        path: `${core}/secrets/${server}-guard`,
        change: { data: { guard: 'BBBB' } },
        says: 'changes only the digests',
      },
    ],
  },
  {
    object: 'Secret in the namespace of the operator',
    of: [],
    field: '`bartizan-operator-salt`',
    allowed: 'made once, `Opaque`, with the key `salt`, its label and no owner',
    changes: [
      {
        what: 'the salt in another namespace',
        path: `${core}/secrets`,
        change: { metadata: { name: 'bartizan-operator-salt', labels: managed }, data: { salt: 'AAAA' } },
        says: controlled,
      },
      ...[
        { what: 'another Secret without an owner', metadata: { name: 'other', labels: managed }, says: controlled },
        {
          what: 'the salt with a label of others',
          metadata: {
            name: 'bartizan-operator-salt',
            labels: { ...managed, 'argocd.argoproj.io/secret-type': 'cluster' },
          },
          says: 'nothing but its label',
        },
        {
          what: 'the salt with an annotation',
          metadata: { name: 'bartizan-operator-salt', labels: managed, annotations: { x: 'y' } },
          says: 'nothing but its label',
        },
        {
          what: 'the salt as a token',
          metadata: {
            name: 'bartizan-operator-salt',
            labels: managed,
            annotations: { 'kubernetes.io/service-account.name': 'bartizan-operator' },
          },
          type: 'kubernetes.io/service-account-token',
          says: 'of the type Opaque',
        },
      ].map(({ what, says, ...body }) => ({
        what,
        says,
        path: '/api/v1/namespaces/bartizan-system/secrets',
        change: { data: { salt: 'AAAA' }, ...body },
      })),
    ],
  },
]

function dataOf(type: string): object {
  const keys: Readonly<Record<string, object>> = {
    'kubernetes.io/tls': { 'tls.crt': 'AAAA', 'tls.key': 'AAAA' },
    'kubernetes.io/dockerconfigjson': { '.dockerconfigjson': 'e30=' },
    'kubernetes.io/dockercfg': { '.dockercfg': 'e30=' },
    'kubernetes.io/basic-auth': { username: 'AAAA', password: 'AAAA' },
    'kubernetes.io/ssh-auth': { 'ssh-privatekey': 'AAAA' },
  }
  return keys[type] ?? {}
}
