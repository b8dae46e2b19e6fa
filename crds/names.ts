import * as z from 'zod'

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Names as the API server takes them for most objects (RFC 1123 subdomain). */
export const isResourceName = (name: string): boolean => name.length <= 253 && subdomain.test(name)

/** The name of another object in the same namespace. */
export const resourceName = z
  .string()
  .min(1)
  .max(253)
  .regex(subdomain, 'must be the name of an object: lowercase letters, digits, "-" and "."')

/** A key of a Secret. */
export const secretKey = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[-._a-zA-Z0-9]+$/, 'must be a key of a Secret: letters, digits, "-", "_" and "."')

/** The name of a namespace. */
export const namespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a namespace: lowercase letters, digits and "-"')
