/* SPDX-License-Identifier: MIT */
/* mode_cd.c - a CD drive's mode pages: MMC-6 clause 7. */
#include "vhba.h"

/* 01h, read error recovery: what to do is the host's choice, though no error of ours is mended by
 * it. */
static ULONG ErrorRecovery(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    Page[0] = 0x01;
    Page[1] = 0x0A;
    Page[2] = Form == VHBA_MODE_CURRENT      ? Lun->Mode.ErrorRecovery
              : Form == VHBA_MODE_CHANGEABLE ? 0x3F
                                             : 0x00;
    Page[3] = Form == VHBA_MODE_CURRENT      ? Lun->Mode.ReadRetries
              : Form == VHBA_MODE_CHANGEABLE ? 0xFF
                                             : 0x05;
    return 12;
}

/* 0Dh, CD device parameters: units of MSF addresses. */
static ULONG DeviceParameters(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x0D;
    Page[1] = 0x06;
    if (Form != VHBA_MODE_CHANGEABLE) {
        Page[5] = 60;
        Page[7] = 75;
    }
    return 8;
}

/* 0Eh, CD audio control: nothing is played; hosts ask all the same. */
static ULONG AudioControl(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x0E;
    Page[1] = 0x0E;
    if (Form != VHBA_MODE_CHANGEABLE) {
        Page[2] = 0x04; /* Immed */
        Page[8] = 0x01;
        Page[9] = 0xFF;
        Page[10] = 0x02;
        Page[11] = 0xFF;
    }
    return 16;
}

/* 1Ah, power condition: the timers stand. */
static ULONG PowerCondition(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    UNREFERENCED_PARAMETER(Form);
    Page[0] = 0x1A;
    Page[1] = 0x0A;
    return 12;
}

/* 1Dh, timeout and protect. */
static ULONG Timeouts(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    UNREFERENCED_PARAMETER(Lun);
    Page[0] = 0x1D;
    Page[1] = 0x0A;
    if (Form != VHBA_MODE_CHANGEABLE) {
        PutBe16(Page + 6, 10);  /* group 1, seconds */
        PutBe16(Page + 8, 120); /* group 2 */
    }
    return 12;
}

/* 2Ah, capabilities and mechanical status. */
static ULONG Capabilities(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page)
{
    PVHBA_MEDIUM Medium = VhbaLoaded(Lun);
    ULONG Most = Medium != NULL && Medium->Dvd ? VHBA_DVD_SPEED : VHBA_CD_SPEED;

    Page[0] = 0x2A;
    Page[1] = 0x1E;
    if (Form == VHBA_MODE_CHANGEABLE)
        return 32;
    Page[2] = 0x1B;               /* reads CD-R, CD-RW, DVD-ROM, DVD-R */
    Page[4] = 0x40;               /* multi-session */
    Page[6] = 0x20 | 0x08 | 0x01; /* tray, eject, lock */
    if (Form == VHBA_MODE_CURRENT && (Lun->Prevented || Lun->PersistentPrevented))
        Page[6] |= 0x02;
    PutBe16(Page + 8, Most);
    PutBe16(Page + 12, 512); /* KiB of buffer */
    PutBe16(Page + 14,
            Form == VHBA_MODE_CURRENT && Lun->Mode.ReadSpeed < Most ? Lun->Mode.ReadSpeed : Most);
    return 32;
}

static VOID SelectErrorRecovery(VHBA_MODE *Mode, const UCHAR *Page)
{
    Mode->ErrorRecovery = Page[2];
    Mode->ReadRetries = Page[3];
}

const VHBA_MODE_PAGE VhbaCdModePages[] = {
    {0x01, ErrorRecovery, SelectErrorRecovery},
    {0x0D, DeviceParameters, NULL},
    {0x0E, AudioControl, NULL},
    {0x1A, PowerCondition, NULL},
    {0x1D, Timeouts, NULL},
    {0x2A, Capabilities, NULL},
};
const ULONG VhbaCdModePageCount = RTL_NUMBER_OF(VhbaCdModePages);
