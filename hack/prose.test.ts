import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errors } from '../gateway/errors.ts'
import { catalogue, questions } from '../operator/translate/model/reasons.ts'

const root = join(import.meta.dirname, '..')

/** Words that the documentation of Kubernetes does without: the reader is "you", other people are "they", and who is meant is named. */
const words =
  /\b(?:nobody|somebody|anybody|whoever|in earnest|do(?:es)? as well|none of our business|he|she|his|hers?|him|himself|herself)\b/gi

/** What a text has of them, as `place: word`. */
const found = (place: string, text: string): string[] =>
  [...text.matchAll(words)].map(([word]) => `${place}: ${word.toLowerCase()}`)

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => file !== '' && existsSync(join(root, file)))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

describe('prose', () => {
  test('of the documents is plain', () => {
    // Decisions are not edited afterwards, and the reference says what the CRDs say.
    const documents = files.filter(file => /^(?:[A-Z]+|docs\/[\w-]+)\.md$/.test(file) && file !== 'docs/reference.md')
    expect(documents).toContain('README.md')
    expect(documents.flatMap(file => found(file, read(file)))).toEqual([])
  })

  test('of errors and conditions is plain', () => {
    const texts = [
      ...Object.entries(errors).map(([code, { text }]) => [code, text] as const),
      ...Object.entries(questions),
      ...Object.values(catalogue).flatMap(reasons => Object.entries(reasons)),
    ]
    expect(texts.length).toBeGreaterThan(80)
    expect(texts.flatMap(([name, text]) => found(name, text))).toEqual([])
  })

  test('of the manifests is plain, in descriptions and in comments', () => {
    const manifests = files.filter(file => /^config\/.*\.yaml$/.test(file))
    expect(manifests.length).toBeGreaterThan(20)
    expect(manifests.flatMap(file => found(file, read(file)))).toEqual([])
  })

  test('of sources is plain, in messages and in comments', () => {
    // Tests speak of people whom they invent.
    const product =
      /^(?:gateway|operator|mcp-client|crds|cli|console|hack|e2e)\/(?!.*(?:\.test\.ts$|\/testdata\/)).*\.ts$/
    const sources = files.filter(file => product.test(file))
    expect(sources.length).toBeGreaterThan(300)
    expect(sources.flatMap(file => found(file, read(file)))).toEqual([])
  })

  test.each(['Nobody can call.', 'This does as well.', 'He may call it.', 'whoever asks', 'in earnest'])(
    'would be found wanting: %s',
    text => expect(found('here', text)).toHaveLength(1),
  )

  test('may have longer words that contain them', () => {
    expect(found('here', 'They have the header, and the other hash; somebodies never match.')).toEqual([])
  })
})
