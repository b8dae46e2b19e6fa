/**
 * A RegExp of text that was put together: the only place where one is made. hack/patterns.test.ts judges every literal, and what is made here when the
 * modules load; text that others wrote must not come here, since the search that runs it may take time without end (decision 41).
 */
export const pattern = (source: string, flags = ''): RegExp => new RegExp(source, flags)
