import { locale } from '../../shared/format'

/** The time of day to the second: 12:03:05. `seconds` is Unix time. */
export const clock = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString(locale(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
