import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Rest } from '../hack/controlplane/rest.ts'
import { definitions, filesLike, manifestsIn, root, type Manifest } from '../hack/manifests/files.ts'
import { fieldOf, reaches, rulesOf } from '../hack/manifests/rules.ts'
import { places, schemaOf, type Schema } from '../hack/manifests/schema.ts'

describe.skipIf(noControlPlane)('config/crd', () => {
  let plane: OwnControlPlane
  let api: Rest
  let installed: Awaited<ReturnType<OwnControlPlane['kubectl']>>

  beforeAll(async () => {
    plane = await controlPlane()
    api = plane.rest()
    installed = await plane.kubectl(['apply', '--server-side', '--validate=strict', '-k', join(root, 'config/crd')])
    await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
  })
  afterAll(() => plane?.stop())

  type Cause = { readonly field: string; readonly message: string }
  type Answer = { readonly status: number; readonly causes: readonly Cause[]; readonly said: string }

  const plurals = new Map(definitions().map(one => [one.spec.names.kind, one.spec.names.plural]))

  /** Offers a document to the API server as strictly as it can judge, and keeps nothing. */
  async function offer(manifest: Manifest): Promise<Answer> {
    const path = `/apis/${manifest.apiVersion}/namespaces/default/${plurals.get(manifest.kind) ?? manifest.kind}`
    const { status, body } = await api.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, manifest)
    const details = body['details'] as { readonly causes?: readonly Cause[] } | undefined
    return { status, causes: details?.causes ?? [], said: JSON.stringify(body) }
  }

  describe('the kinds', () => {
    test('are taken with strict validation, by an API server that warns of nothing', () => {
      expect(installed).toMatchObject({ status: 0, stderr: '' })
      expect(installed.stdout.trimEnd().split('\n')).toHaveLength(plurals.size)
    })

    test('are established, with names and versions that nothing objects to', async () => {
      for (const { metadata } of definitions()) {
        const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`
        const { body } = await api.request('GET', path)
        const { conditions } = body['status'] as { conditions: readonly { type: string; status: string }[] }
        const states = Object.fromEntries(conditions.map(({ type, status }) => [type, status]))
        expect({ name: metadata.name, ...states }).toEqual({
          name: metadata.name,
          Established: 'True',
          NamesAccepted: 'True',
        })
      }
    })
  })

  const invalid = filesLike('crds/testdata/invalid/*.yaml')
  const valid = filesLike('{crds/testdata/valid,config/samples}/*.yaml').filter(({ text }) =>
    text.includes('apiVersion: mcp.gateway.io/'),
  )
  const rules = definitions().flatMap(rulesOf)

  /** An API server evaluates rules only of what has the right shape, and says the same words as `bartizan lint`. */
  function promisedBy(text: string, answers: readonly Answer[]): string[] {
    const said = answers.map(answer => answer.said).join('\n')
    if (said.includes('some validation rules were not checked') || answers.some(({ status }) => status === 400))
      return []
    return [...text.matchAll(/^# \S*: (.*)$/gm)]
      .map(match => match[1]!)
      .filter(message => rules.some(rule => rule.message === message))
  }

  describe('an invalid example', () => {
    test.each(invalid)(
      'is refused, with the words of its first lines where a rule has them: $file',
      async ({ text }) => {
        const answers = await Promise.all(manifestsIn(text).map(offer))
        expect(answers.map(answer => answer.status >= 400 && answer.status < 500)).toContain(true)
        const heard = answers.flatMap(({ causes }) => causes.map(cause => cause.message)).join('\n')
        for (const message of promisedBy(text, answers)) expect(heard).toContain(message)
      },
    )
  })

  describe('a rule in CEL', () => {
    const tripped: string[] = []
    const key = ({ kind, path, message }: { kind: string; path: string; message: string }): string =>
      `${kind} ${path}: ${message}`

    beforeAll(async () => {
      for (const manifest of invalid.flatMap(({ text }) => manifestsIn(text)).filter(({ kind }) => plurals.has(kind))) {
        const { causes } = await offer(manifest)
        for (const { field, message } of causes) {
          const rule = rules.find(one => one.path === fieldOf(field) && message.endsWith(`: ${one.message}`))
          if (rule?.kind === manifest.kind) tripped.push(key(rule))
        }
      }
    })

    test.each(rules)('of $kind is broken by an invalid example, at $path: $message', rule => {
      expect(tripped).toContain(key(rule))
    })

    test.each(rules)('of $kind is kept by a valid example that has something at $path: $message', rule => {
      const documents = valid.flatMap(({ text }) => manifestsIn(text)).filter(({ kind }) => kind === rule.kind)
      expect(documents.filter(document => reaches(document, rule.path))).not.toEqual([])
    })
  })

  describe('a valid example', () => {
    test.each(valid)('is taken with strict validation: $file', async ({ text }) => {
      for (const manifest of manifestsIn(text)) expect(await offer(manifest)).toMatchObject({ status: 201 })
    })

    test('of the given manifests applies word for word, with kubectl and strict validation', async () => {
      for (const { file } of filesLike('crds/testdata/valid/v[124]-*.yaml')) {
        const applied = await plane.kubectl(['apply', '--validate=strict', '-f', join(root, file)])
        expect({ file, ...applied }).toMatchObject({ file, status: 0, stderr: '' })
        expect(applied.stdout).toMatch(/^mcpserver\.mcp\.gateway\.io\/\S+ (?:created|configured)\n$/)
      }
    })

    test('of a guide is taken with strict validation', async () => {
      const text = filesLike('docs/first-server.md')
        .map(guide => guide.text)
        .join('')
      const manifests = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(match => manifestsIn(match[1]!))
      expect(manifests.length).toBeGreaterThan(3)
      for (const { metadata, ...manifest } of manifests)
        expect(await offer({ ...manifest, metadata: { name: metadata?.name ?? '' } })).toMatchObject({ status: 201 })
    })

    test('of config/samples applies with kubectl, all of them together', async () => {
      const applied = await plane.kubectl(['apply', '--validate=strict', '-k', join(root, 'config/samples')])
      expect(applied).toMatchObject({ status: 0, stderr: '' })
    })
  })

  /** The schemas as the API server publishes them, which is what `kubectl explain` reads. */
  async function published(): Promise<Map<string, Schema>> {
    const { body } = await api.request('GET', '/openapi/v3/apis/mcp.gateway.io/v1')
    const { schemas } = body['components'] as { schemas: Record<string, Schema> }
    return new Map(
      definitions().map(({ spec }) => [spec.names.plural, schemas[`io.gateway.mcp.v1.${spec.names.kind}`] ?? {}]),
    )
  }

  describe('kubectl explain', () => {
    test.each([...plurals.values()])('has a sentence for every field of %s', async plural => {
      const fields = places((await published()).get(plural)!).filter(
        ({ path }) => /^(?:spec|status)\b/.test(path) && !path.endsWith('[]') && !path.endsWith('.*'),
      )
      expect(fields.length).toBeGreaterThan(10)
      expect(
        fields.filter(({ schema }) => !/^.{8,}[.)]$/s.test(schema.description ?? '')).map(one => one.path),
      ).toEqual([])
    })

    test.each([...plurals.values()])('--recursive lists every field of %s', async plural => {
      const { stdout } = await plane.kubectl(['explain', plural, '--recursive'])
      const shown = stdout.split('\n').map(line => line.trim().split(/[\s\t]/)[0])
      const definition = definitions().find(one => one.spec.names.plural === plural)!
      const names = places(schemaOf(definition))
        .map(({ path }) => path.split('.').at(-1)!.replaceAll('[]', ''))
        .filter(name => name !== '' && name !== '*')
      expect(names.filter(name => !shown.includes(name))).toEqual([])
    })

    test('teaches: a field deep within a kind is explained in words', async () => {
      const { stdout } = await plane.kubectl(['explain', 'mcpservers.spec.secrets.mountPath'])
      const definition = definitions().find(one => one.spec.names.kind === 'MCPServer')!
      const field = places(schemaOf(definition)).find(({ path }) => path === 'spec.secrets[].mountPath')!
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(field.schema.description)
    })
  })

  describe('the list of kinds', () => {
    test('names each file that is there', () => {
      const [list] = filesLike('config/crd/kustomization.yaml')
      const { resources } = parse(list!.text) as { resources: string[] }
      expect(resources.toSorted()).toEqual(filesLike('config/crd/mcp*.yaml').map(({ file }) => file.split('/').at(-1)))
    })
  })
})
