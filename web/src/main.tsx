import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyTheme } from './layout/theme';
import { Root } from './root';
import { followKeys } from './ui/key-focus';
import './styles/tokens.css';
import './styles/base.css';
import './styles/core.css';

applyTheme();
followKeys();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
