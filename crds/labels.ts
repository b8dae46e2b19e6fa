import * as z from 'zod'

/** A map of labels, bounded as the API server needs it. */
export const labels = z
  .record(z.string().min(1).max(317), z.string().max(63))
  .refine(map => Object.keys(map).length <= 16, 'has more than 16 labels')
  .meta({ maxProperties: 16 })
