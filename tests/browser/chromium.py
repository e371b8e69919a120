"""Debian's Chromium, started for Playwright."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserType

# The engine without a window and its profile: a page takes six tenths of the CPU time of the whole browser.
EXECUTABLE = "/usr/bin/chromium-headless-shell"
# The whole browser, for what only its profile can set.
WHOLE_BROWSER = "/usr/bin/chromium"
# Chromium loads pages for its address bar and starts a spare process; without them a window opens in half the time.
# This list replaces Playwright's own, so it repeats the features that contact other hosts.
DISABLED_FEATURES = (
    "SpareRendererForSitePerProcess", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PreconnectToSearch",
)  # fmt: skip


def launch_chromium(chromium: BrowserType) -> Browser:
    """Start Chromium without a sandbox."""
    features = f"--disable-features={','.join(DISABLED_FEATURES)}"
    return chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox", features])
