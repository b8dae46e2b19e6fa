import * as z from 'zod'

const pattern = /^[0-9]+(\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/

/** An amount as Kubernetes writes it: `500m`, `256Mi`, `1`. */
export const quantity = z
  .union([
    z.string().min(1).max(32).regex(pattern, 'must be an amount such as 500m, 0.5, 256Mi or 1Gi'),
    z.int().min(0),
  ])
  .meta({ 'x-kubernetes-int-or-string': true, pattern: pattern.source, maxLength: 32 })

export type Quantity = z.infer<typeof quantity>

const amounts = z.strictObject({
  cpu: quantity.optional().describe('Processor time: 1 is one core, 500m half of one.'),
  memory: quantity.optional().describe('Memory: 256Mi, 1Gi.'),
})

/** MCPServer.spec.resources */
export const resources = z.strictObject({
  limits: amounts.optional().describe('The most that the server may use. Unset: cpu 500m, memory 256Mi.'),
  requests: amounts
    .optional()
    .describe('What is reserved for the server. Unset: cpu 100m, memory 128Mi, or the limit where that is less.'),
})

export type Resources = z.infer<typeof resources>
