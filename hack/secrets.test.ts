import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { detectors } from '../gateway/detectors/index.ts'
import { mint } from './minted.ts'

const root = join(import.meta.dirname, '..')

/** Made-up samples of what is found or refused; everything else that looks like a secret comes from `mint`. */
const samples = [
  'gateway/detectors/secrets.cases.yaml',
  'gateway/detectors/secrets/values.cases.yaml',
  'crds/testdata/invalid/a-password-in-a-url.yaml',
]

/** Strings that look like secrets and are none. */
const detector = detectors.secrets({ allowed: ['database-creds=1'] })

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => file !== '' && !samples.includes(file) && existsSync(join(root, file)))

describe('the repository', () => {
  test('holds nothing that the secrets detector takes for a secret', () => {
    expect(files.length).toBeGreaterThan(100)
    const found = files.flatMap(file => {
      const text = readFileSync(join(root, file), 'utf8')
      return detector.find(text).map(hit => `${file}:${text.slice(0, hit.start).split('\n').length} ${hit.rule}`)
    })
    expect(found).toEqual([])
  })

  test('would be seen to hold a key of its own gateway', () => {
    expect(detector.find(`const key = '${mint('api-key')}'`).map(hit => hit.rule)).toEqual(['bartizan-api-key'])
  })
})
