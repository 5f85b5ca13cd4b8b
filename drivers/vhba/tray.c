/* SPDX-License-Identifier: MIT */
/* tray.c - TEST UNIT READY, START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, MECHANISM STATUS, SET CD
 * SPEED: MMC-6 clause 6. */
#include "vhba.h"

VHBA_OUTCOME VhbaTestUnitReady(PVHBA_COMMAND Command)
{
    UNREFERENCED_PARAMETER(Command); /* the table asked for a medium: it is there */
    return VhbaDone;
}

VHBA_OUTCOME VhbaStartStop(PVHBA_COMMAND Command)
{
    PVHBA_LUN Lun = Command->Lun;
    UCHAR Power = Command->Cdb[4] >> 4;
    BOOLEAN Load = (Command->Cdb[4] & 0x02) != 0, Start = (Command->Cdb[4] & 0x01) != 0;

    if (Power != 0) /* active, idle, standby, sleep: all the same to a file */
        return Power == 1 || Power == 2 || Power == 3 || Power == 5 ? VhbaDone
                                                                    : VHBA_INVALID_FIELD(Command);
    if (!Load) {
        if (Start && VhbaLoaded(Lun) == NULL)
            return VhbaFail(Command, SCSI_SENSE_NOT_READY, 0x3A, 0x00);
        return VhbaDone;
    }
    if (Start) { /* closes the tray with what lies on it */
        if (Lun->TrayOpen) {
            Lun->TrayOpen = FALSE;
            if (Lun->Medium != NULL) {
                Lun->Attention |= VHBA_ATTENTION_MEDIUM;
                VhbaMediaEvent(Lun, VHBA_EVENT_NEW_MEDIA);
            }
        }
        return VhbaDone;
    }
    if (Lun->Prevented || Lun->PersistentPrevented)
        return VhbaFail(Command, SCSI_SENSE_ILLEGAL_REQUEST, 0x53, 0x02);
    if (!Lun->TrayOpen) {
        Lun->TrayOpen = TRUE;
        if (Lun->Medium != NULL)
            VhbaMediaEvent(Lun, VHBA_EVENT_MEDIA_REMOVAL);
    }
    return VhbaDone;
}

VHBA_OUTCOME VhbaPreventAllow(PVHBA_COMMAND Command)
{
    BOOLEAN Prevent = (Command->Cdb[4] & 0x01) != 0;

    if (Command->Cdb[4] & 0x02)
        Command->Lun->PersistentPrevented = Prevent;
    else
        Command->Lun->Prevented = Prevent;
    return VhbaDone;
}

VHBA_OUTCOME VhbaMechanismStatus(PVHBA_COMMAND Command)
{
    UCHAR Data[8] = {0};

    Data[1] = Command->Lun->TrayOpen ? 0x10 : 0x00; /* idle; one slot, so no slot table */
    return VhbaReply(Command, Data, sizeof(Data), Be16(Command->Cdb + 8));
}

VHBA_OUTCOME VhbaSetCdSpeed(PVHBA_COMMAND Command)
{
    USHORT Speed = Be16(Command->Cdb + 2);

    if (Speed == 0)
        return VHBA_INVALID_FIELD(Command);
    Command->Lun->Mode.ReadSpeed = Speed; /* reported by page 2Ah; reading is as fast as the host */
    return VhbaDone;
}
