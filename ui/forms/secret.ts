/** What the server tells of a secret: whether one is set. Sent back it means "as it is"; text is a new one. */
export interface Kept {
  set: boolean
  another?: boolean
}

export const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' && value !== null && typeof (value as Kept).set === 'boolean'
