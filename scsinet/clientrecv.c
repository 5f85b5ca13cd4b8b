/* SPDX-License-Identifier: MIT */
/* What the server sends: devices that come and go, and answers. */
#include "clientp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome { GO_ON, CLOSED, LOST, VIOLATION };

static bool reserve(struct client *client, size_t bytes)
{
    uint8_t *larger;

    if (bytes <= client->answer_capacity)
        return true;
    larger = realloc(client->answer, bytes);
    if (!larger)
        return false;
    client->answer = larger;
    client->answer_capacity = bytes;
    return true;
}

static int read_more(struct client *client, void *to, size_t length)
{
    return stream_read(&client->stream, to, length);
}

/* The rest of the frame behind its header, into client->answer, and checks it. */
static enum outcome read_frame(struct client *client, const REQUEST_HEADER *header,
                               const char **what)
{
    SCSINET_FAULT fault;

    if (!reserve(client, header->Length)) {
        *what = "no memory for a frame";
        return VIOLATION;
    }
    memcpy(client->answer, header, sizeof(*header));
    if (header->Length > sizeof(*header) &&
        read_more(client, client->answer + sizeof(*header), header->Length - sizeof(*header)) != 1)
        return LOST;
    fault = ScsinetCheckFrame((const REQUEST_HEADER *)client->answer, ScsinetFromServer);
    if (fault == ScsinetFrameGood)
        return GO_ON;
    *what = ScsinetFaultText(fault);
    return VIOLATION;
}

/* The device's request with that mark, which from now on counts as answered. */
static struct client_request *take_request(struct client_device *device, const uint32_t mark[2])
{
    struct client *client = device->client;
    struct client_request *request;

    pthread_mutex_lock(&client->lock);
    for (request = device->requests; request; request = request->next)
        if (request->state == REQUEST_UNDER_WAY &&
            memcmp(request->mark, mark, sizeof(request->mark)) == 0)
            break;
    if (request)
        request->state = REQUEST_ANSWERED;
    pthread_mutex_unlock(&client->lock);
    return request;
}

/* Hands the answer in client->answer to the driver. 0 or a Win32 error. */
static DWORD complete(struct client *client, struct client_device *device,
                      const REQUEST_HEADER *header)
{
    PACKED_SRB srb;

    if (header->MajorFunction == 0x0F && header->Length >= sizeof(*header) + sizeof(srb)) {
        uint32_t data;

        memcpy(&srb, client->answer + sizeof(*header), sizeof(srb));
        data = ScsinetReceivedDataLength(header, &srb);
        /* Header and PACKED_SRB stand in front of the data: two buffers, no copy. With sense data
         * behind it, one. */
        if (data > 0 && ScsinetAnswerSenseLength(header, &srb) == 0)
            return control_and_wait(device->bus, IOCTL_COMPLETE_REQUEST, client->answer,
                                    sizeof(*header) + sizeof(srb),
                                    client->answer + sizeof(*header) + sizeof(srb), data, NULL);
    }
    return control_and_wait(device->bus, IOCTL_COMPLETE_REQUEST, client->answer, header->Length,
                            NULL, 0, NULL);
}

static enum outcome take_answer(struct client *client, const REQUEST_HEADER *header,
                                const char **what)
{
    struct client_device *device = client_find(client, header->Id);
    struct client_request *request;
    enum outcome outcome = read_frame(client, header, what);

    if (outcome != GO_ON)
        return outcome;
    if (!device) {
        if (header->Id <= client->highest_id)
            return GO_ON; /* for a device that has just gone */
        *what = "answer for a device that was never plugged in";
        return VIOLATION;
    }
    request = take_request(device, header->Irp);
    if (!request) {
        *what = "answer to a request that was never made";
        return VIOLATION;
    }
    if (complete(client, device, header) == ERROR_INVALID_PARAMETER) {
        *what = "answer that does not fit its request";
        outcome = VIOLATION;
    }
    client_step(request); /* a request that was cancelled meanwhile is simply over */
    return outcome;
}

static enum outcome take_plugin(struct client *client, const REQUEST_HEADER *header,
                                const char **what)
{
    enum outcome outcome = read_frame(client, header, what);

    if (outcome != GO_ON)
        return outcome;
    if (client_find(client, header->Id)) {
        *what = "device plugged in twice";
        return VIOLATION;
    }
    if (header->Id > client->highest_id)
        client->highest_id = header->Id;
    client_plug_in(client, (const REQUEST_HEADER *)client->answer);
    return GO_ON;
}

static enum outcome take_frame(struct client *client, const char **what)
{
    struct client_device *device;
    REQUEST_HEADER header;
    SCSINET_FAULT fault;
    int got = read_more(client, &header, sizeof(header));

    if (got != 1)
        return got == 0 ? CLOSED : LOST;
    fault = ScsinetCheckHeader(&header, ScsinetFromServer, SCSINET_MAXIMUM_FRAME);
    if (fault != ScsinetFrameGood) {
        *what = ScsinetFaultText(fault);
        return VIOLATION;
    }
    switch (header.Op) {
    case OP_PLUGIN:
        return take_plugin(client, &header, what);
    case OP_PLUGOUT:
        device = client_find(client, header.Id);
        if (device)
            client_plug_out(device);
        return GO_ON;
    default:
        return take_answer(client, &header, what);
    }
}

void *client_receive_thread(void *context)
{
    struct client *client = context;
    const char *what = "";
    enum outcome outcome;
    char violation[200];
    bool asked;

    do
        outcome = take_frame(client, &what);
    while (outcome == GO_ON);

    stream_shutdown(&client->stream);
    stream_flush(&client->stream);
    pthread_mutex_lock(&client->lock);
    asked = client->disconnecting;
    pthread_mutex_unlock(&client->lock);
    snprintf(violation, sizeof(violation), "connection ended: %s", what);

    for (;;) {
        struct client_device *device;

        pthread_mutex_lock(&client->lock);
        device = client->devices;
        pthread_mutex_unlock(&client->lock);
        if (!device)
            break;
        client_plug_out(device);
    }
    client->events.ended(asked                  ? "disconnected"
                         : outcome == VIOLATION ? violation
                         : outcome == CLOSED    ? "the server closed the connection"
                                                : "the connection was lost",
                         client->events.context);
    return NULL;
}
