import { createApp } from 'vue'
import '../kit/tokens.css'
import '../kit/base.css'
import '../kit/page.css'
import './admin.css'
import { prepare } from '../shared/start'
import App from './App.vue'
import { begin } from './session'

await prepare()
void begin()
createApp(App).mount('#app')
