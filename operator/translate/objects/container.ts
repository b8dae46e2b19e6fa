/** Stamped on every container (requirements W-49): nothing that a server or its guard does needs more. */
export const restricted = {
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const

/** User and group of a server's container; most public images start under it with a writable home. */
export const serverUser = 10_001

/** The guard has a uid of its own, so that the server cannot signal it or read its memory. */
export const gatewayUser = 10_002

/** A container that fills a scratch volume loses its pod; the node keeps its disk. */
export const scratch = (name: string, sizeLimit = '1Gi'): object => ({ name, emptyDir: { sizeLimit } })
