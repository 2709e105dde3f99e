// SPDX-License-Identifier: Apache-2.0

// Opens a case and reads it, or watches an agent's offers and accepts the first one.
//
//	recover open KEY_FILE
//	recover watch KEY_FILE
//
// The file has the API key that says who calls; AMENDS_TLS_CA names one with the CA of the services' certificates.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/ioutil"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/health" // the service config asks for health
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	amends "amends/v1"
)

const deadline = 10 * time.Second

// apiKey is sent with every call, by TLS only.
type apiKey string

func (key apiKey) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(key)}, nil
}

func (apiKey) RequireTransportSecurity() bool { return true }

func dial(variable, keyFile string) *grpc.ClientConn {
	key, err := ioutil.ReadFile(keyFile)
	if err != nil {
		log.Fatal(err)
	}
	tls, err := credentials.NewClientTLSFromFile(os.Getenv("AMENDS_TLS_CA"), "")
	if err != nil {
		log.Fatal(err)
	}
	// The service config balances over all replicas and repeats what failed on the way.
	config, err := ioutil.ReadFile("proto/service_config.json")
	if err != nil {
		log.Fatal(err)
	}
	conn, err := grpc.Dial("dns:///"+os.Getenv(variable), grpc.WithTransportCredentials(tls),
		grpc.WithPerRPCCredentials(apiKey(strings.TrimSpace(string(key)))),
		grpc.WithDefaultServiceConfig(string(config)), grpc.WithUnaryInterceptor(withDeadline),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second}))
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

// withDeadline gives every unary call its deadline; a stream of offers has none.
func withDeadline(ctx context.Context, method string, request, response interface{}, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return invoke(ctx, method, request, response, conn, options...)
}

func newID() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		log.Fatal(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// refusal finds the reason of an error and the pause that it asks for (-1: none). Both are in the details of its
// google.rpc.Status; there are none when the call did not reach a server.
func refusal(err error) (reason string, pause time.Duration) {
	pause = -1
	for _, detail := range status.Convert(err).Details() {
		switch one := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = one.GetReason()
		case *errdetails.RetryInfo:
			delay := one.GetRetryDelay()
			pause = time.Duration(delay.GetSeconds())*time.Second + time.Duration(delay.GetNanos())
		}
	}
	return reason, pause
}

func show(err error) {
	reason, pause := refusal(err)
	again := ""
	if pause >= 0 {
		again = fmt.Sprintf("; again in %v", pause)
	}
	fmt.Printf("refused: %v %s: %s%s\n", status.Code(err), reason, status.Convert(err).Message(), again)
}

func open(keyFile string) {
	client := amends.NewIntakeServiceClient(dial("AMENDS_INTAKE", keyFile))
	opened, err := client.OpenCase(context.Background(), &amends.OpenCaseRequest{
		RequestId: newID(), // whoever repeats the call repeats this id, and no second case is opened
		Trigger:   amends.Trigger_TRIGGER_COMPLAINT, Channel: amends.Channel_CHANNEL_PHONE, CustomerId: "c-" + newID()[:8],
		Failure: &amends.Failure{Code: "billing.overcharge", Description: "charged twice"}})
	if err != nil {
		show(err)
		os.Exit(1)
	}
	read, err := client.GetCase(context.Background(), &amends.GetCaseRequest{CaseId: opened.GetCase().GetCaseId()})
	if err != nil {
		show(err)
		os.Exit(1)
	}
	fmt.Println("opened:", read.GetCase().GetCaseId(), read.GetCase().GetStatus())
	if _, err := client.GetCase(context.Background(), &amends.GetCaseRequest{CaseId: newID()}); err != nil {
		show(err) // nobody has opened this one
	}
}

// acceptFirst watches until the stream ends: it does so with an error. `token` has the place where the next one goes on.
func acceptFirst(client amends.AssignmentServiceClient, token *string) error {
	stream, err := client.WatchOffers(context.Background(), &amends.WatchOffersRequest{ResumeToken: *token})
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		*token = message.GetResumeToken()
		offer := message.GetOffer()
		if offer.GetState() != amends.OfferState_OFFER_STATE_PENDING {
			continue
		}
		accepted, err := client.AcceptOffer(context.Background(), &amends.AcceptOfferRequest{
			RequestId: newID(), CaseId: offer.GetCaseId(), OfferId: offer.GetOfferId()})
		if err == nil {
			fmt.Println("accepted:", accepted.GetCase().GetCaseId(), accepted.GetCase().GetOwner().GetId())
			return nil
		}
		show(err) // the offer has expired meanwhile: the next one comes
	}
}

// pauseAfter says how long to wait before the next stream; false: it would fail, too.
func pauseAfter(err error) (time.Duration, bool) {
	reason, pause := refusal(err)
	switch code := status.Code(err); {
	case code != codes.Unavailable && code != codes.Canceled && code != codes.ResourceExhausted:
		return 0, false
	case pause >= 0:
		return pause, true
	case reason == "STREAM_ENDED" || reason == "DRAINING":
		return 0, true // another replica answers at once
	}
	return time.Second, true
}

func watch(keyFile string) {
	client, token := amends.NewAssignmentServiceClient(dial("AMENDS_ASSIGNMENT", keyFile)), ""
	for err := acceptFirst(client, &token); err != nil; err = acceptFirst(client, &token) {
		show(err)
		pause, again := pauseAfter(err)
		if !again {
			os.Exit(1)
		}
		time.Sleep(pause)
	}
}

func main() {
	if os.Args[1] == "watch" {
		watch(os.Args[2])
	} else {
		open(os.Args[2])
	}
}
