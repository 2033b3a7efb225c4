import { createApp } from 'vue'
import '../kit/tokens.css'
import '../kit/base.css'
import '../kit/page.css'
import './admin.css'
import { prepare } from '../shared/start'
import { t } from '../shared/i18n'
import App from './App.vue'
import { askBeforeClose, desktopLanguage, joinDesktop } from './desktop'
import { isUnsaved } from './route'
import { begin } from './session'

await prepare(desktopLanguage())
void begin()
createApp(App).mount('#app')
joinDesktop()
askBeforeClose(() => (isUnsaved() ? t('unsaved_close') : ''))
