import { onBeforeUnmount, watchEffect } from 'vue'
import { t } from '../shared/i18n'
import { folderName, INBOX, type Mailbox } from './mailbox'

/** The title of the browser's tab: how many messages of the inbox are unread, and which folder is on screen. */
export function useTitle(box: Mailbox): void {
  watchEffect(() => {
    const unread = box.folders.value.find((one) => one.id === INBOX)?.unread ?? 0
    const name = box.folder.value ? folderName(box.folder.value) : ''
    document.title = `${unread ? `(${unread}) ` : ''}${name ? `${name} - ` : ''}${t('mail.brand')}`
  })
  onBeforeUnmount(() => (document.title = t('mail.brand')))
}
