import type { z } from 'zod'

type Validation = { readonly rule: string; readonly message: string }

/**
 * One rule in both spellings: CEL for the API server, a predicate for everybody else. They must say the same; the message is shared, so that a
 * user reads the same sentence from `kubectl apply` and from `bartizan lint`.
 */
export function rule<T extends z.ZodType>(
  schema: T,
  validation: Validation,
  holds: (value: z.output<T>) => boolean,
): T {
  const meta = schema.meta() ?? {}
  const before = (meta['x-kubernetes-validations'] ?? []) as readonly Validation[]
  return schema.refine(holds, validation.message).meta({ ...meta, 'x-kubernetes-validations': [...before, validation] })
}
