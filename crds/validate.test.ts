import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { kinds, type KindName } from './index.ts'
import { validate } from './validate.ts'

const files = (folder: string): string[] => globSync(`${import.meta.dirname}/testdata/${folder}/*.yaml`).sort()
const nameOf = (file: string): string => file.split('/').at(-1)!.replace('.yaml', '').replaceAll('-', ' ')
const documentsOf = (text: string): unknown[] => parseAllDocuments(text).map(document => document.toJS() as unknown)
const withoutHead = (text: string): string => text.replace(/^(# .*\n)+/, '')

describe('validate', () => {
  test.each(files('valid').map(file => [nameOf(file), file]))('takes %s', (_, file) => {
    expect(documentsOf(readFileSync(file, 'utf8')).map(validate)).toEqual([[]])
  })

  test.each(files('invalid').map(file => [nameOf(file), file]))('refuses %s', async (_, file) => {
    const text = withoutHead(readFileSync(file, 'utf8'))
    const issues = documentsOf(text).flatMap(validate)
    expect(issues).not.toEqual([])
    const head = issues.map(({ path, message }) => `# ${path}: ${message}\n`).join('')
    await expect(head + text).toMatchFileSnapshot(file)
  })

  test('has nothing to say about objects of other groups', () => {
    expect(validate({ apiVersion: 'v1', kind: 'Secret', metadata: {}, data: {} })).toEqual([])
  })

  test.each([null, 'text', 7, []])('refuses %j, which is no document', value => {
    expect(validate(value)).toHaveLength(1)
  })

  test.each(Object.keys(kinds) as KindName[])('wants a name and a spec of %s', kind => {
    expect(validate({ apiVersion: 'mcp.gateway.io/v1', kind }).map(issue => issue.path)).toContain('metadata.name')
  })
})
