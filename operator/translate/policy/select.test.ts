import { describe, expect, test } from 'vitest'
import type { Document } from '../model/document.ts'
import { readableSelection, selects, type ServerSelection } from './select.ts'

const server = (name: string, labels: Readonly<Record<string, string>> = {}): Document => ({
  kind: 'MCPServer',
  name,
  namespace: 'default',
  labels,
  spec: {},
})

const everything: ServerSelection = { servers: ['*'] }

describe('a policy', () => {
  test.each<[string, ServerSelection, Document, boolean]>([
    ['by name', { servers: ['pay'] }, server('pay'), true],
    ['by glob', { servers: ['pay-*'] }, server('pay-eu'), true],
    ['not by a part of a name', { servers: ['pay'] }, server('pay-eu'), false],
    ['by label', { selector: { matchLabels: { tier: 'gold' } } }, server('pay', { tier: 'gold' }), true],
    [
      'not by half of its labels',
      { selector: { matchLabels: { tier: 'gold', team: 'a' } } },
      server('pay', { tier: 'gold' }),
      false,
    ],
    [
      'by either',
      { servers: ['x'], selector: { matchLabels: { tier: 'gold' } } },
      server('pay', { tier: 'gold' }),
      true,
    ],
    ['not against its exceptions', { servers: ['*'], except: ['lab-*'] }, server('lab-1'), false],
    [
      'by a glob of many stars, at once',
      { servers: ['*a'.repeat(22) + 'b', 'a*'], except: ['*a'.repeat(63) + 'b'] },
      server('a'.repeat(46)),
      true,
    ],
    [
      'not by a label that every object inherits',
      { selector: { matchLabels: { constructor: 'x' } } },
      server('pay'),
      false,
    ],
  ])('selects %s', (_, selection, target, selected) => {
    expect(selects(selection, target)).toBe(selected)
  })
})

describe('a policy that does not compile', () => {
  test.each<[string, unknown, ServerSelection]>([
    ['what it says when that can be read', { servers: ['pay'], rules: 7 }, { servers: ['pay'] }],
    ['everything when it names nobody', { rules: 7 }, everything],
    ['everything when the names cannot be read', { servers: 'pay' }, everything],
    ['everything when servers is mistyped', { server: ['pay'] }, everything],
    ['everything when selector is mistyped beside servers', { servers: ['pay'], selecter: {} }, everything],
    ['everything when it is no object', 'pay', everything],
    ['without exceptions that cannot be read', { servers: ['*'], except: 'lab' }, { servers: ['*'] }],
    ['with exceptions that can', { servers: ['*'], except: ['lab'], rules: 7 }, { servers: ['*'], except: ['lab'] }],
  ])('denies %s', (_, spec, selection) => {
    expect(readableSelection(spec)).toEqual(selection)
  })
})
