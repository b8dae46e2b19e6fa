import * as z from 'zod'
import { list } from '../gateway/config/kit.ts'
import type { Column } from './kind.ts'

const condition = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(64)
    .describe('What is judged: Accepted (the spec makes sense) or ResolvedRefs (what it names exists).'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().min(1).max(64).describe('Why, for programs.'),
  message: z.string().max(32_768).describe('Why, and what to do, for people.'),
  lastTransitionTime: z.iso.datetime({ offset: true }).max(64).describe('When the status last changed.'),
  observedGeneration: z.int().min(0).optional().describe('The generation of the object that was judged.'),
})

/** What every kind reports. */
export const statusFields = {
  observedGeneration: z.int().min(0).optional().describe('The generation of the object that this status is about.'),
  conditions: list(condition, 16)
    .optional()
    .describe('What is known of the object, one entry for each question.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
}

export const acceptedColumn: Column = {
  name: 'Accepted',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
  description: 'Whether the spec makes sense.',
}

export const ageColumn: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since creation.',
}
