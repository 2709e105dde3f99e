// SPDX-License-Identifier: Apache-2.0

import amends.v1.AcceptOfferRequest;
import amends.v1.AssignmentServiceGrpc;
import amends.v1.Case;
import amends.v1.Channel;
import amends.v1.Failure;
import amends.v1.GetCaseRequest;
import amends.v1.IntakeServiceGrpc;
import amends.v1.Offer;
import amends.v1.OfferState;
import amends.v1.OpenCaseRequest;
import amends.v1.Trigger;
import amends.v1.WatchOffersRequest;
import amends.v1.WatchOffersResponse;
import com.google.gson.Gson;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Opens a case and reads it, or watches an agent's offers and accepts the first one.
 *
 * <pre>
 * java Recover open KEY_FILE
 * java Recover watch KEY_FILE
 * </pre>
 *
 * The file has the API key that says who calls; AMENDS_TLS_CA names one with the CA of the services' certificates.
 */
public final class Recover {
    private static final long DEADLINE_S = 10;
    private static final Set<Status.Code> COME_BACK =
        EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.CANCELLED, Status.Code.RESOURCE_EXHAUSTED);

    /** What an error says. Both are in the details of its google.rpc.Status; there are none when it comes from no server. */
    private static final class Refusal {
        String reason = "";
        long pauseMs = -1;

        Refusal(StatusRuntimeException error) throws InvalidProtocolBufferException {
            for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    reason = detail.unpack(ErrorInfo.class).getReason();
                } else if (detail.is(RetryInfo.class)) {
                    pauseMs = Durations.toMillis(detail.unpack(RetryInfo.class).getRetryDelay());
                }
            }
        }

        boolean isFarewell() {
            return reason.equals("STREAM_ENDED") || reason.equals("DRAINING"); // another replica answers at once
        }
    }

    @SuppressWarnings("unchecked") // Gson's map of an object
    private static ManagedChannel channel(String variable, String keyFile) throws IOException {
        // The service config balances over all replicas and repeats what failed on the way.
        Map<String, ?> config = new Gson().fromJson(Files.readString(Path.of("proto/service_config.json")), Map.class);
        ChannelCredentials tls =
            TlsChannelCredentials.newBuilder().trustManager(new File(System.getenv("AMENDS_TLS_CA"))).build();
        return Grpc.newChannelBuilder("dns:///" + System.getenv(variable), tls)
            .intercept(MetadataUtils.newAttachHeadersInterceptor(caller(keyFile))).defaultServiceConfig(config).enableRetry()
            .keepAliveTime(20, TimeUnit.SECONDS).build();
    }

    /** What every call carries. */
    private static Metadata caller(String keyFile) throws IOException {
        Metadata caller = new Metadata();
        String key = Files.readString(Path.of(keyFile)).strip();
        caller.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
        return caller;
    }

    private static <T extends AbstractStub<T>> T soon(T stub) {
        return stub.withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS);
    }

    private static String newId() {
        return UUID.randomUUID().toString();
    }

    private static Refusal show(StatusRuntimeException error) throws InvalidProtocolBufferException {
        Refusal refusal = new Refusal(error);
        String again = refusal.pauseMs < 0 ? "" : "; again in " + refusal.pauseMs + " ms";
        Status status = error.getStatus();
        System.out.println("refused: " + status.getCode() + " " + refusal.reason + ": " + status.getDescription() + again);
        return refusal;
    }

    private static void open(ManagedChannel channel) throws IOException {
        IntakeServiceGrpc.IntakeServiceBlockingStub intake = IntakeServiceGrpc.newBlockingStub(channel);
        OpenCaseRequest claim = OpenCaseRequest.newBuilder()
            .setRequestId(newId()) // whoever repeats the call repeats this id, and no second case is opened
            .setTrigger(Trigger.TRIGGER_COMPLAINT).setChannel(Channel.CHANNEL_PHONE)
            .setCustomerId("c-" + newId().substring(0, 8))
            .setFailure(Failure.newBuilder().setCode("billing.overcharge").setDescription("charged twice")).build();
        String caseId = soon(intake).openCase(claim).getCase().getCaseId();
        Case read = soon(intake).getCase(GetCaseRequest.newBuilder().setCaseId(caseId).build()).getCase();
        System.out.println("opened: " + read.getCaseId() + " " + read.getStatus());
        try {
            soon(intake).getCase(GetCaseRequest.newBuilder().setCaseId(newId()).build());
        } catch (StatusRuntimeException error) { // nobody has opened this one
            show(error);
        }
    }

    /** False when the offer has expired meanwhile: the next one comes. */
    private static boolean accept(AssignmentServiceGrpc.AssignmentServiceBlockingStub agent, Offer offer) throws IOException {
        try {
            Case taken = soon(agent).acceptOffer(AcceptOfferRequest.newBuilder().setRequestId(newId())
                .setCaseId(offer.getCaseId()).setOfferId(offer.getOfferId()).build()).getCase();
            System.out.println("accepted: " + taken.getCaseId() + " " + taken.getOwner().getId());
            return true;
        } catch (StatusRuntimeException error) {
            show(error);
            return false;
        }
    }

    private static void watch(ManagedChannel channel) throws IOException, InterruptedException {
        AssignmentServiceGrpc.AssignmentServiceBlockingStub agent = AssignmentServiceGrpc.newBlockingStub(channel);
        String token = "";
        while (true) { // each stream ends with an error; the next one goes on where it ended
            try {
                Iterator<WatchOffersResponse> stream =
                    agent.watchOffers(WatchOffersRequest.newBuilder().setResumeToken(token).build());
                while (stream.hasNext()) {
                    WatchOffersResponse message = stream.next();
                    token = message.getResumeToken();
                    Offer offer = message.getOffer();
                    if (offer.getState() == OfferState.OFFER_STATE_PENDING && accept(agent, offer)) {
                        return;
                    }
                }
            } catch (StatusRuntimeException error) {
                Refusal refusal = show(error);
                if (!COME_BACK.contains(error.getStatus().getCode())) {
                    throw error;
                }
                Thread.sleep(refusal.pauseMs >= 0 ? refusal.pauseMs : refusal.isFarewell() ? 0 : 1000);
            }
        }
    }

    public static void main(String[] words) throws Exception {
        boolean watches = words[0].equals("watch");
        ManagedChannel channel = channel(watches ? "AMENDS_ASSIGNMENT" : "AMENDS_INTAKE", words[1]);
        try {
            if (watches) {
                watch(channel);
            } else {
                open(channel);
            }
        } finally {
            channel.shutdownNow();
        }
    }
}
