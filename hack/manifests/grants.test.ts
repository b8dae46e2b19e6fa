import { describe, expect, test } from 'vitest'
import { filesLike } from './files.ts'
import { fieldsPart } from '../rbac/document.ts'
import { fields, triesOfField } from '../rbac/fields/index.ts'
import { forbidden } from '../rbac/forbidden.ts'
import { grantsOf, nameOf, operatorRoles, without } from './grants.ts'

const roles = operatorRoles()
const names = roles.flatMap(role => grantsOf(role).map(nameOf))

describe('the grants of the operator', () => {
  test('are found in both of its roles, each once', () => {
    expect(roles.map(({ kind }) => kind)).toEqual(['ClusterRole', 'Role'])
    expect(new Set(names).size).toBe(names.length)
  })

  test.each(names)('can be taken away one by one: %s', name => {
    const left = roles.map(role => without(role, name)).flatMap(role => grantsOf(role).map(nameOf))
    expect(left.toSorted()).toEqual(names.filter(one => one !== name).toSorted())
  })

  test('hold no wildcard, nothing of RBAC, no list or watch of Secrets, and no write of pods', () => {
    expect(names.filter(name => /\*|rbac|impersonate|escalate|bind/.test(name))).toEqual([])
    expect(names.filter(name => name.endsWith(' secrets')).toSorted()).toEqual(
      ['create secrets', 'delete secrets', 'get secrets', 'patch secrets'].filter(name => names.includes(name)),
    )
    expect(names.filter(name => name.endsWith(' pods') && !/^(?:get|list|watch) /.test(name))).toEqual([])
  })

  test('stand in docs/rbac.md, each with what fails without it', () => {
    const rows = filesLike('docs/rbac.md').flatMap(({ text }) =>
      [...text.matchAll(/^\| (?:Cluster)?Role \| `(\S+)` \| (\w+) \| (.+) \|$/gm)].map(row => row.slice(1)),
    )
    expect(rows.map(([resource, verb]) => `${verb} ${resource}`)).toEqual(names)
    expect(rows.filter(([, , fails]) => fails === '**nothing**')).toEqual([])
  })
})

describe('what the operator may write, field by field', () => {
  test('stands in docs/rbac.md as it is tried', () => {
    expect(filesLike('docs/rbac.md')[0]?.text.endsWith(fieldsPart())).toBe(true)
  })

  test('is tried with every row of it, each under a name of its own', () => {
    const tried = forbidden.map(({ what }) => what)
    expect(tried).toEqual([...new Set(tried)])
    expect(tried).toEqual(expect.arrayContaining(fields.flatMap(triesOfField).map(({ what }) => what)))
    expect(tried).toEqual(expect.arrayContaining(fields.flatMap(field => field.tried ?? [])))
  })
})
