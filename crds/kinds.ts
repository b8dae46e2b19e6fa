import { apiKey } from './apikey.ts'
import { guardrailPolicy } from './guardrailpolicy.ts'
import { mcpGateway } from './mcpgateway.ts'
import { mcpServer } from './mcpserver.ts'

/** Every kind, by its name. */
export const kinds = {
  MCPServer: mcpServer,
  GuardrailPolicy: guardrailPolicy,
  APIKey: apiKey,
  MCPGateway: mcpGateway,
} as const

export type KindName = keyof typeof kinds

export const isKindName = (name: unknown): name is KindName => typeof name === 'string' && Object.hasOwn(kinds, name)
