/* SPDX-License-Identifier: MIT */
/* disk_mode.c - a disk's mode pages: SBC-3 6.4, SPC-4 7.5. */
#include "vhba.h"

#define WCE 0x04

/* 08h, caching: the write cache is the host's and may be switched off. */
static ULONG Caching(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    Page[0] = 0x08;
    Page[1] = 0x12;
    Page[2] = Form == VHBA_MODE_CHANGEABLE || Form == VHBA_MODE_DEFAULT || Lun->Mode.WriteCache
                  ? WCE
                  : 0x00;
    return 20;
}

static VOID SelectCaching(VHBA_MODE *Mode, const UCHAR *Page)
{
    Mode->WriteCache = (Page[2] & WCE) != 0;
}

/* 0Ah, control: commands may overtake each other; sense data are of the fixed format. */
static ULONG Control(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x0A;
    Page[1] = 0x0A;
    if (Form != VHBA_MODE_CHANGEABLE)
        Page[3] = 0x10;
    return 12;
}

/* 1Ch, informational exceptions: none is ever reported. */
static ULONG Exceptions(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x1C;
    Page[1] = 0x0A;
    if (Form != VHBA_MODE_CHANGEABLE)
        Page[2] = 0x08; /* DEXCPT */
    return 12;
}

const VHBA_MODE_PAGE VhbaDiskModePages[] = {
    {0x08, Caching, SelectCaching}, {0x0A, Control, NULL}, {0x1C, Exceptions, NULL}};
const ULONG VhbaDiskModePageCount = RTL_NUMBER_OF(VhbaDiskModePages);
