/** How each ending of a message is coloured. */
export const VERDICTS: Record<string, 'good' | 'warn' | 'bad' | 'idle'> = {
  deliver: 'good',
  spam: 'warn',
  quarantine: 'bad',
  delete: 'bad',
  reject: 'bad',
  tempfail: 'warn',
  dropped: 'idle',
}
