import { apiKey } from './api-key.ts'
import { guardrailPolicy } from './guardrail-policy.ts'
import { mcpGateway } from './mcp-gateway.ts'
import { mcpServer } from './mcp-server.ts'

/** Every kind, by its name. */
export const kinds = {
  MCPServer: mcpServer,
  GuardrailPolicy: guardrailPolicy,
  APIKey: apiKey,
  MCPGateway: mcpGateway,
} as const

export type KindName = keyof typeof kinds

export const isKindName = (name: unknown): name is KindName => typeof name === 'string' && Object.hasOwn(kinds, name)
