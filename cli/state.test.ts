import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openState, type State } from './state.ts'

let root = ''
let folder = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'state-'))
  folder = join(root, 'state')
})
afterEach(() => rmSync(root, { recursive: true }))

const modeOf = (...path: string[]): string => (statSync(join(folder, ...path)).mode & 0o777).toString(8)

function opened<T>(use: (state: State) => T): T {
  const state = openState(folder)
  try {
    return use(state)
  } finally {
    state.release()
  }
}

describe('the state folder', () => {
  test('is readable by its owner alone, with everything in it', () => {
    opened(state => {
      state.guard('files')
      state.keepLastGood([{ kind: 'APIKey', name: 'a', spec: {} }])
      expect([modeOf(), modeOf('guard')]).toEqual(['700', '700'])
      expect(['instance', 'lock', 'last-good.json', 'guard/files'].map(name => modeOf(name))).toEqual(
        Array(4).fill('600'),
      )
    })
  })

  test('is never committed beside the manifests', () => {
    opened(() => expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n'))
  })

  test('that others could read is closed', () => {
    mkdirSync(folder, { mode: 0o755 })
    opened(() => expect(modeOf()).toBe('700'))
  })

  test('gives each server 32 bytes of its own, the same after a restart', () => {
    const first = opened(state => [state.guard('a'), state.guard('b'), Buffer.from(state.instance)])
    expect(first[0]).toHaveLength(32)
    expect(first[0]).not.toEqual(first[1])
    expect(opened(state => [state.guard('a'), state.guard('b'), Buffer.from(state.instance)])).toEqual(first)
  })

  test('remembers the last specs that compiled', () => {
    const specs = [{ kind: 'APIKey', name: 'a', spec: { digests: ['x'] } }]
    opened(state => {
      expect(state.lastGood()).toEqual([])
      state.keepLastGood(specs)
      expect(state.lastGood()).toEqual(specs)
    })
    expect(opened(state => state.lastGood())).toEqual(specs)
  })

  test.each([
    ['guard/files', 'short'],
    ['instance', 'short'],
    ['last-good.json', '{'],
    ['last-good.json', '{}'],
  ])('whose %s was damaged says which file to remove', (name, text) => {
    opened(state => state.guard('files'))
    writeFileSync(join(folder, name), text)
    expect(() => opened(state => state.guard('files'))).toThrow(`${join(folder, name)}: is not what Bartizan wrote`)
  })

  test('that cannot be made is a usage error', () => {
    writeFileSync(folder, '')
    expect(() => openState(folder)).toThrow(`${folder}: cannot be used as state folder`)
  })
})

describe('the lock', () => {
  test('keeps a second process out while the first lives', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await once(other, 'spawn')
    mkdirSync(folder)
    writeFileSync(join(folder, 'lock'), String(other.pid))
    expect(() => openState(folder)).toThrow(`${folder} is in use by process ${other.pid}`)
    other.kill('SIGKILL')
    await once(other, 'exit')
    expect(opened(state => state.folder)).toBe(folder)
  })

  test.each(['', 'not a number', '-1'])('left behind with %j in it is taken over', text => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'lock'), text)
    expect(opened(() => readFileSync(join(folder, 'lock'), 'utf8'))).toBe(String(process.pid))
  })
})
