/* SPDX-License-Identifier: MIT */
/* hello_wdm_public.h - what driver and program share: the interface by which one finds the other.
 */
#ifndef HELLO_WDM_PUBLIC_H
#define HELLO_WDM_PUBLIC_H

#define HELLO_WDM_HARDWARE_ID L"ROOT\\HelloWdm"

/* {9d3b2a06-5c0f-4b7e-8a55-6a2f0f7c7d11} */
DEFINE_GUID(GUID_DEVINTERFACE_HELLO_WDM, 0x9d3b2a06, 0x5c0f, 0x4b7e, 0x8a, 0x55, 0x6a, 0x2f, 0x0f,
            0x7c, 0x7d, 0x11);

#endif
