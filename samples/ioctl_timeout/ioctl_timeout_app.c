/* SPDX-License-Identifier: MIT */
/* ioctl_timeout_app.c - asks in time, too late, and just at the limit, many times. */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "ioctl_timeout.h"

#define IO_TIMEOUT ((LONG)0xC00000B5)
#define ROUNDS     200

static HANDLE device;

static int ask(DWORD limit, DWORD slow, IMPATIENT_ANSWER *answer)
{
    IMPATIENT_REQUEST request = {limit, {slow, "answer"}};
    DWORD done;

    if (DeviceIoControl(device, IOCTL_IMPATIENT, &request, sizeof(request), answer, sizeof(*answer),
                        &done, NULL))
        return 1;
    printf("DeviceIoControl failed with error %lu\n", (unsigned long)GetLastError());
    return 0;
}

/* An answer, or none because it was cancelled: nothing between. */
static int is_answer(const IMPATIENT_ANSWER *answer)
{
    return answer->Status == 0 && answer->Information == sizeof(answer->Text) &&
           strcmp(answer->Text, "answer") == 0;
}

static int is_timeout(const IMPATIENT_ANSWER *answer)
{
    return answer->Status == IO_TIMEOUT && answer->Cancelled && answer->Information == 0;
}

int main(int argc, char **argv)
{
    IMPATIENT_ANSWER answer;
    int answers = 0, timeouts = 0, faults = 0;

    (void)argc, (void)argv;
    device = CreateFileW(L"\\\\.\\Impatient", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                         FILE_ATTRIBUTE_NORMAL, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    if (!ask(10000000, 1000, &answer) || !is_answer(&answer))
        faults++;
    printf("1 ms of work, 10 s of patience:  status 0x%08x, %s\n", (unsigned)answer.Status,
           answer.Text);
    if (!ask(1000, 60000000, &answer) || !is_timeout(&answer))
        faults++;
    printf("60 s of work, 1 ms of patience:  status 0x%08x, cancelled: %u\n",
           (unsigned)answer.Status, (unsigned)answer.Cancelled);
    for (int i = 0; i < ROUNDS; i++) {
        if (!ask(500, 400 + (DWORD)i, &answer) || (!is_answer(&answer) && !is_timeout(&answer)))
            faults++;
        else if (is_answer(&answer))
            answers++;
        else
            timeouts++;
    }
    printf("%d times about as much work as patience: %d answers, %d cancelled, %d anything else\n",
           ROUNDS, answers, timeouts, faults);
    CloseHandle(device);
    return faults != 0;
}
