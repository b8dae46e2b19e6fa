import type { Column } from './kind.ts'
import { acceptedColumn, ageColumn } from './status.ts'

const wide = { priority: 1 } as const

/** What `kubectl get mcpservers` shows: whether it works, and what is really in force. */
export const serverColumns: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'Whether an MCP handshake through the gateway worked, with the configuration of this generation.',
  },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'The state in one word.' },
  { name: 'Tools', type: 'integer', jsonPath: '.status.tools.count', description: 'Number of tools that are shown.' },
  { name: 'Auth', type: 'string', jsonPath: '.status.auth', description: 'How callers show who they are.' },
  { name: 'Guard', type: 'string', jsonPath: '.status.guard', description: 'What the policies come to.' },
  { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Address for clients.' },
  ageColumn,
  { ...acceptedColumn, ...wide },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: 'Why it is ready or not.',
    ...wide,
  },
  { name: 'Pods', type: 'integer', jsonPath: '.status.readyReplicas', description: 'Pods that get calls.', ...wide },
  { name: 'Image', type: 'string', jsonPath: '.spec.image', description: 'What is run.', ...wide },
]
