export type Try = { readonly method: string; readonly path: string; readonly body?: unknown }

/** A request that must fail, and what the API server says: RBAC names the verb, the policy its own sentence. */
export type Forbidden = Try & { readonly what: string; readonly says: string }
