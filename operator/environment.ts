import * as z from 'zod'

/** What the Deployment of the operator sets. */
const environment = z.object({
  POD_NAMESPACE: z.string().min(1),
  POD_NAME: z.string().min(1),
  POD_UID: z.string().min(1).optional(),
  GATEWAY_IMAGE: z.string().min(1),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
  /** A kubeconfig in JSON, for an operator outside of the cluster. */
  KUBECONFIG: z.string().min(1).optional(),
})

export type OperatorEnvironment = z.infer<typeof environment>

/** Reads the environment of the process, once. Throws with every variable that is missing or wrong. */
export function readEnvironment(given: Readonly<Record<string, string | undefined>>): OperatorEnvironment {
  const read = environment.safeParse(given)
  if (!read.success) throw new Error(z.prettifyError(read.error))
  return read.data
}
