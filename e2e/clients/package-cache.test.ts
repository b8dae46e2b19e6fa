import { chmodSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { installed } from './package-cache.ts'

const bin = mkdtempSync(join(tmpdir(), 'bartizan-npm-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(bin, { recursive: true })
})

test('an installation that fails leaves nothing aside, and says why', async () => {
  writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho it cannot be had >&2\nexit 1\n')
  chmodSync(join(bin, 'npm'), 0o755)
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
  await expect(installed('bartizan-never', '0.0.0')).rejects.toThrow('it cannot be had')
  const cache = join(import.meta.dirname, '../../node_modules/.cache/bartizan-clients')
  expect(globSync('bartizan-never*', { cwd: cache })).toEqual([])
})
