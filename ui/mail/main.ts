import { createApp } from 'vue'
import '../kit/tokens.css'
import '../kit/base.css'
import '../kit/page.css'
import './mail.css'
import { prepare } from '../shared/start'
import App from './App.vue'
import { resume } from './session'

await prepare()
void resume()
createApp(App).mount('#app')
