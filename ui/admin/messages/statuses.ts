/** How each status of a message, and of a recipient, is coloured; in the order in which they are offered as a filter. */
export const STATUSES: Record<string, 'good' | 'warn' | 'bad' | 'idle'> = {
  accepted: 'idle',
  waiting: 'warn',
  on_hold: 'warn',
  delivered: 'good',
  junk: 'warn',
  returned: 'bad',
  expired: 'bad',
  removed: 'bad',
  quarantine: 'bad',
  deleted: 'bad',
  refused: 'bad',
  put_off: 'warn',
  broken_off: 'idle',
  unknown: 'idle',
}
