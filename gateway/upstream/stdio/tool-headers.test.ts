import { describe, expect, test } from 'vitest'
import { annotatedTools } from './tool-headers.ts'

const list = (...schemas: unknown[]) => ({ tools: schemas.map((inputSchema, at) => ({ name: `t${at}`, inputSchema })) })
const header = (name: unknown, type = 'string') => ({ type, 'x-mcp-header': name })

describe('annotatedTools', () => {
  test('finds annotated primitives through properties alone', () => {
    const nested = { properties: { deep: { properties: { count: header('Count', 'integer') } } } }
    const hidden = { properties: { list: { items: header('Region') } }, anyOf: [{ properties: { a: header('A') } }] }
    expect([...annotatedTools(list({ properties: { region: header('Region') } }, nested, hidden, {}))]).toEqual([
      ['t0', [{ header: 'Region', path: ['region'], integer: false }]],
      ['t1', [{ header: 'Count', path: ['deep', 'count'], integer: true }]],
    ])
  })

  test.each([
    ['an empty name', { a: header('') }],
    ['a name that is no field name', { a: header('a b') }],
    ['a name that is no text', { a: header(1) }],
    ['a number, which has many spellings', { a: header('A', 'number') }],
    ['two names that differ by case only', { a: header('Region'), b: header('region') }],
  ])('leaves out a tool with %s', (_, properties) => {
    expect(annotatedTools(list({ properties })).size).toBe(0)
  })

  test.each([undefined, null, {}, { tools: {} }, { tools: [null, {}, { name: 1 }] }])(
    'reads %j as no tools',
    result => {
      expect(annotatedTools(result).size).toBe(0)
    },
  )
})
