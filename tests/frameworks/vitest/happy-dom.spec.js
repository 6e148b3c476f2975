// @vitest-environment happy-dom
import "./page.js";
